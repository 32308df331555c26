"""From a config to a compiled program, as far as a verb needs it."""
