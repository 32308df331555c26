"""JSON Schema of the config language."""
