"""`otel-worker mcp`: a collector's traces for language models, over the Model Context Protocol."""
