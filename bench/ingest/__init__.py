"""What an export request costs: end to end in workerd, decoding alone in Pyodide, and memory at its peak."""
