"""Free times of therapists and rooms."""
