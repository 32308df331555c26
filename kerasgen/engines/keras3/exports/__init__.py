"""Models written for other runtimes: which formats there are, how each is written, and asked."""
