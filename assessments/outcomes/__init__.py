"""Outcome measures of patients: scored by the catalogue, compared with thresholds, asked for at fixed points."""
