"""What a sweep has taught: as a page, and as tables for other programs."""
