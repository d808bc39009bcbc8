"""The page under measurement: how fast it draws, how smoothly it moves, what it keeps and what it weighs."""
