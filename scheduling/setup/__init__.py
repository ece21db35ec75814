"""Hours, closures, rooms and types of appointment."""
