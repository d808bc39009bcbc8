"""What people see in a terminal: tables, the waterfall of a trace, times, colours; text made harmless."""
