"""`make bench`: how fast, as ratios side by side in one run against a stated baseline."""
