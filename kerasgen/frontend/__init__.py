"""The frontend: from YAML files and overrides to the IR, with the place of every value."""
