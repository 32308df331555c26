"""The data room: sources become described, split and preprocessed arrays."""
