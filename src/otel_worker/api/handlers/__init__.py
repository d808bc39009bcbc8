"""One function per route: parameters in, the store or the ingest asked, a response out."""
