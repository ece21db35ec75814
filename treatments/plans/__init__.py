"""What a therapist plans to do: the problem, goals, sessions and techniques."""
