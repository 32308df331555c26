"""The verbs: the work of each command."""
