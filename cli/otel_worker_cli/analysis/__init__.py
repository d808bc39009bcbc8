"""What a trace's spans say together: their tree, its critical path, its failures. Pure functions."""
