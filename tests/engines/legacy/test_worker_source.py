import ast
from pathlib import Path

import pytest

import kerasgen.engines.legacy

FILES = sorted((Path(kerasgen.engines.legacy.__file__).parent / "worker").glob("*.py"))
STANDARD = {"collections", "importlib", "io", "json", "math", "os", "platform", "struct", "sys"}
STANDARD |= {"time", "traceback"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_worker_is_written_for_python_3_6(file: Path) -> None:
    assert ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 6)).body


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_worker_needs_keras_and_numpy_alone(file: Path) -> None:
    own = {other.stem for other in FILES}
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [str(node.module)]
        else:
            continue
        tops = {module.partition(".")[0] for module in modules}
        assert tops <= {"keras", "numpy", "theano"} | own | STANDARD


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_worker_runs_nothing_that_it_is_sent(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    for word in ("pickle=True", "pickle.load", "eval(", "exec(", "marshal", "Lambda", "func_load"):
        assert word not in text.replace("K.eval(", "")
