"""How much memory a backend has had on its accelerator.

This room owns the question, which each backend is asked in its own way.
"""

from __future__ import annotations

import keras


def peak_device_memory() -> int | None:
    """The most memory that this process had on an accelerator, None where it works on none."""
    match keras.backend.backend():
        case "jax":
            import jax

            device = jax.devices()[0]
            found = None if device.platform == "cpu" else device.memory_stats()
            return int(found["peak_bytes_in_use"]) if found else None
        case "torch":
            import torch

            return torch.cuda.max_memory_allocated() if torch.cuda.is_available() else None
        case "tensorflow":
            import tensorflow

            if not tensorflow.config.list_physical_devices("GPU"):
                return None
            return int(tensorflow.config.experimental.get_memory_info("GPU:0")["peak"])
    return None
