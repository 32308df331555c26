"""A process of kerasgen: its first line, its signals, its streams, its exit code."""
