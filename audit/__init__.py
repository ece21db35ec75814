"""Who did or looked at what. Append-only; knows no other app."""
