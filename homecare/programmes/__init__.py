"""Home programmes: versions, templates, progress, and stops for safety."""
