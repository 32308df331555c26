"""What may be asked about Keras's classes, and where that is kept."""
