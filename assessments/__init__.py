"""What was found: muscle catalogue, exam, findings, trigger points over time."""
