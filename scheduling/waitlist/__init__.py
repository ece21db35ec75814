"""Who waits for an earlier time, and the offers to them."""
