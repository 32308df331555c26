"""What runs in the interpreter of an engine of Keras 2.3.1; written for Python 3.6."""
