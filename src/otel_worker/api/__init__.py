"""The HTTP API: from a request to a response, with no web server in sight."""
