"""What searching costs, in databases of three sizes."""
