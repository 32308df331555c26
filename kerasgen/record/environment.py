"""Settings of the environment on which the last bits of a result depend.

This room owns which variables these are: threads, flags of compilers, kernels that are asked to be
deterministic, devices that are visible. All other variables of the environment stay unrecorded:
they hold whatever a person keeps there, secrets too.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

VARIABLES = (
    # threads
    "OMP_NUM_THREADS",
    "OMP_THREAD_LIMIT",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    # compilers and kernels
    "XLA_FLAGS",
    "TF_XLA_FLAGS",
    "TF_ENABLE_ONEDNN_OPTS",
    "TF_DETERMINISTIC_OPS",
    "TF_CUDNN_DETERMINISTIC",
    "TF_CUDNN_USE_AUTOTUNE",
    "TF_DISABLE_MKL",
    "ONEDNN_MAX_CPU_ISA",
    "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS",
    "ATEN_CPU_CAPABILITY",
    "CUBLAS_WORKSPACE_CONFIG",
    "NVIDIA_TF32_OVERRIDE",
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
    "JAX_ENABLE_X64",
    "JAX_DEFAULT_MATMUL_PRECISION",
    "JAX_DISABLE_JIT",
    "PYTHONHASHSEED",
    # devices
    "CUDA_VISIBLE_DEVICES",
    "HIP_VISIBLE_DEVICES",
    "JAX_PLATFORMS",
)
"""The variables that a record names where they are set."""

THREADS = frozenset(name for name in VARIABLES if "THREAD" in name)
"""Those of them that speak of threads."""


def environment(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables that are set among those on which results depend.

    Args:
        variables: the environment, None for that of this process.
    """
    found = os.environ if variables is None else variables
    return {name: found[name] for name in VARIABLES if name in found}
