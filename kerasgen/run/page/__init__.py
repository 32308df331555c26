"""The page of a run: what its record holds becomes the sections of a report."""
