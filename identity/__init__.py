"""Who acts: the person or program behind a request."""
