"""One experiment, from a config to a recorded model."""
