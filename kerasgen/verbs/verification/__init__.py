"""What `verify` holds two runs against each other by: their results, and what these depend on."""
