"""A clinic to try: people, patients and their courses over three months. Always the same; nothing here is chance."""
