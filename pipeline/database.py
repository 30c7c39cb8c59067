"""The engine and the unit of work."""
