"""Traces in files and on their way: the file exporter's formats, batches, how to go on later."""
