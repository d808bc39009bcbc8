"""Announcing what was stored to those who watch."""
