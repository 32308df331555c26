"""The weights of an old model file: whose each is, in which order they lie, and their way over."""
