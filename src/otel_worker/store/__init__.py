"""The trace store: blocks of spans, the index of their terms, and all statements that touch them."""
