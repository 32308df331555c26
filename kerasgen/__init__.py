"""A compiler from Hydra configs to trained Keras models. Importing it imports nothing else."""

__version__ = "0.1.0"
