"""Who runs the jobs of a sweep, one a file."""
