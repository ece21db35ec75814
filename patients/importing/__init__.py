"""Bring patients in from other systems: the command, the API and the pages all come through here."""
