"""Signed documents: what was signed, byte for byte, chained by hash."""
