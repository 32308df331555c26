"""Model files of every Keras: what is in them, and its translation to the form of Keras 3.

This room owns the containers (JSON, YAML, HDF5, zip, TensorFlow.js, SavedModel), the forms and
names that Keras had before version 3, and the check that a parsed form is what it claims to be.
A file is data here: nothing of it is imported, made or run. What becomes of the translated form
stands in `decompile`.
"""
