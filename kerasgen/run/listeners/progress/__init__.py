"""The progress of a training on a console: how far it is, and the forms in which that is shown."""
