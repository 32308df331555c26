"""The sources of data, one kind a file."""
