"""The search for good settings: its space, its study, and the source of its jobs."""
