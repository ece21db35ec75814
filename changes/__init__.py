"""What changed in a clinic, in one gapless sequence: for programs that follow it."""
