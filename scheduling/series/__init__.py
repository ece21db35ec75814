"""Series of appointments."""
