"""Wall-clock times of a clinic as moments."""
