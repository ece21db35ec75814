"""What people upload, made safe to keep: one set of checks for every entry point."""
