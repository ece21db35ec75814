"""Appointments: locks, validation, operations and the actions that entry points call."""
