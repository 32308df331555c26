"""The passes: from IR to IR, one pass a file, without Keras."""
