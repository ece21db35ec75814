"""Clinics, the people and programs that work for them, and what each may do."""
