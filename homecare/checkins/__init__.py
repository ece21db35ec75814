"""What patients report from home."""
