"""One config on every engine and in both layouts: whether all come to the same."""
