"""The data room is light until it is used."""

import subprocess
import sys

HEAVY = ("keras", "tensorflow", "jax", "torch", "sklearn", "PIL", "matplotlib", "scipy")


def test_importing_the_room_imports_nothing_heavy():
    code = (
        "import sys, kerasgen.data.opened, kerasgen.data.split, kerasgen.data.preparation;"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
