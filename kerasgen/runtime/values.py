"""The types of what goes in and out here; only annotations speak of them."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, Any]

Columns: TypeAlias = "tuple[dict[str, Array], Array | None]"
"""Name to array, and the number of each row's part, None where nothing is said of it.

The number is that of the part in `split.PARTS`.
"""
