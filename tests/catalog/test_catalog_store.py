"""The catalog's cache: what comes back is what went in, and what is damaged or stale does not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kerasgen.catalog.entries import Catalog, ClassEntry, Parameter
from kerasgen.catalog.store import (
    KEPT,
    Installed,
    find_installed,
    load_catalog,
    read_catalog,
    save_catalog,
    write_catalog,
)
from kerasgen.process.cache_folder import cache_folder

INSTALLED = Installed(version="3.15.1", fingerprint="f" * 64, changed=0.0)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("KERASGEN_CACHE", str(folder))
    return folder


def small_catalog() -> Catalog:
    parameters = [
        Parameter(name="units", required=True, value="int", nullable=False),
        Parameter(name="use_bias", default=True, value="bool", nullable=False),
        Parameter(name="flag", default=False),
        Parameter(name="zero", default=0),
        Parameter(name="rate", default=0.0, value="number"),
        Parameter(name="init", default="zeros", kinds=("initializer",), description="Née."),
        Parameter(name="mode", choices=("a", "b")),
    ]
    dense = ClassEntry(
        name="Dense",
        kind="layer",
        parameters={parameter.name: parameter for parameter in parameters},
        call={"inputs": Parameter(name="inputs", required=True, tensor=True)},
        open_ended=True,
        module="keras.layers",
        summary="Just your regular layer.",
    )
    add = ClassEntry(name="add", kind="op", parameters={})
    return Catalog(
        version="3.15.1",
        entries={"layer": {"Dense": dense}, "op": {"add": add}, "loss": {}},
        vocabularies={"loss": frozenset({"mse", "mae"}), "op": frozenset()},
    )


def only_file(folder: Path) -> Path:
    (file,) = folder.glob("catalog-keras-*.json")
    return file


def plain(catalog: Catalog) -> object:
    """Everything in a catalog, with the types of defaults: `0 == False`."""
    return (
        catalog.version,
        {
            kind: {
                name: (entry, [type(p.default) for p in entry.parameters.values()])
                for name, entry in entries.items()
            }
            for kind, entries in catalog.entries.items()
        },
        catalog.vocabularies,
    )


def test_a_catalog_comes_back_from_the_cache_as_it_was() -> None:
    assert save_catalog(small_catalog(), INSTALLED)
    found = load_catalog(INSTALLED)
    assert found is not None
    assert plain(found) == plain(small_catalog())


def test_the_order_of_names_and_arguments_is_kept() -> None:
    save_catalog(small_catalog(), INSTALLED)
    found = load_catalog(INSTALLED)
    assert found is not None
    expected = list(small_catalog().entries["layer"]["Dense"].parameters)
    assert list(found.entries) == ["layer", "op", "loss"]
    assert list(found.entries["layer"]["Dense"].parameters) == expected


def test_without_a_file_there_is_no_catalog() -> None:
    assert load_catalog(INSTALLED) is None


def test_a_file_of_another_keras_is_not_read(tmp_path: Path) -> None:
    write_catalog(tmp_path / "x.json", small_catalog(), INSTALLED)
    other = Installed(version="3.15.1", fingerprint="e" * 64, changed=0.0)
    assert read_catalog(tmp_path / "x.json", other) is None
    assert read_catalog(tmp_path / "x.json", INSTALLED) is not None


def test_a_truncated_file_is_not_read(cache: Path) -> None:
    save_catalog(small_catalog(), INSTALLED)
    file = only_file(cache)
    content = file.read_bytes()
    for length in (0, 10, len(content) // 2, len(content) - 1):
        file.write_bytes(content[:length])
        assert load_catalog(INSTALLED) is None


def test_a_changed_byte_is_noticed(cache: Path) -> None:
    save_catalog(small_catalog(), INSTALLED)
    file = only_file(cache)
    file.write_bytes(file.read_bytes().replace(b"regular", b"Regular"))
    assert load_catalog(INSTALLED) is None


@pytest.mark.parametrize("content", [b"\x80\x04K\x01.", b"{}", b"[]\n", b"\xff" * 100, b"\n\n"])
def test_a_file_of_another_kind_is_not_read(cache: Path, content: bytes) -> None:
    save_catalog(small_catalog(), INSTALLED)
    only_file(cache).write_bytes(content)
    assert load_catalog(INSTALLED) is None


def test_a_damaged_file_is_replaced(cache: Path) -> None:
    save_catalog(small_catalog(), INSTALLED)
    only_file(cache).write_bytes(b"nonsense")
    assert save_catalog(small_catalog(), INSTALLED)
    assert load_catalog(INSTALLED) is not None


def test_the_name_of_the_file_carries_the_version_of_keras(cache: Path) -> None:
    save_catalog(small_catalog(), INSTALLED)
    assert only_file(cache).name.startswith("catalog-keras-3.15.1-")


def test_nothing_but_the_catalog_stays_in_the_cache(cache: Path) -> None:
    save_catalog(small_catalog(), INSTALLED)
    assert [path.name for path in cache.iterdir()] == [only_file(cache).name]


def test_a_cache_that_cannot_be_written_is_no_mistake(cache: Path) -> None:
    cache.parent.mkdir(exist_ok=True)
    cache.write_text("a file where the folder should be", encoding="utf-8")
    assert not save_catalog(small_catalog(), INSTALLED)
    assert load_catalog(INSTALLED) is None


def test_old_files_go(cache: Path) -> None:
    cache.mkdir()
    for age in range(KEPT + 3):
        file = cache / f"catalog-keras-3.0.{age}-0.json"
        file.write_text("", encoding="utf-8")
        os.utime(file, (1000 - age, 1000 - age))
    save_catalog(small_catalog(), INSTALLED)
    assert len(list(cache.iterdir())) == KEPT
    assert load_catalog(INSTALLED) is not None


def test_the_cache_lies_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KERASGEN_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "kerasgen"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder() == Path.home() / ".cache" / "kerasgen"


def test_two_processes_may_write_at_once(cache: Path) -> None:
    code = (
        "import sys; sys.path[:0] = sys.argv[1:3]\n"
        "from test_catalog_store import INSTALLED, small_catalog\n"
        "from kerasgen.catalog.store import load_catalog, save_catalog\n"
        "for _ in range(40):\n"
        "    assert save_catalog(small_catalog(), INSTALLED)\n"
        "    assert load_catalog(INSTALLED) is not None\n"
    )
    here = Path(__file__).resolve().parent
    command = [sys.executable, "-c", code, str(here.parent), str(here)]
    children = [subprocess.Popen(command) for _ in range(2)]
    assert [child.wait() for child in children] == [0, 0]
    assert len(list(cache.iterdir())) == 1


def test_what_a_catalog_is_valid_for_is_found_without_importing_keras() -> None:
    code = (
        "import sys; from pathlib import Path; from kerasgen.catalog.store import find_installed\n"
        "found = find_installed([])\n"
        "assert found is not None and 'keras' not in sys.modules\n"
        "print(found.version)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split(".")[0] == "3"


def test_the_fingerprint_changes_with_what_describes_keras(tmp_path: Path) -> None:
    code = tmp_path / "introspection.py"
    code.write_text("one", encoding="utf-8")
    first = find_installed([code])
    code.write_text("two", encoding="utf-8")
    second = find_installed([code])
    assert first is not None
    assert second is not None
    assert first.fingerprint != second.fingerprint


def test_the_fingerprint_of_an_editable_keras_changes_with_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "keras"
    (package / "src").mkdir(parents=True)
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "src" / "version.py").write_text('__version__ = "9.0"\n', encoding="utf-8")
    monkeypatch.setattr(
        "importlib.util.find_spec",
        lambda name: type("Spec", (), {"origin": package / "__init__.py"}),
    )
    first = find_installed([])
    (package / "src" / "dense.py").write_text("x = 1\n", encoding="utf-8")
    second = find_installed([])
    assert first is not None
    assert second is not None
    assert (first.version, second.version) == ("9.0", "9.0")
    assert first.fingerprint != second.fingerprint


def test_the_file_is_plain_json_behind_its_digest(cache: Path) -> None:
    save_catalog(small_catalog(), INSTALLED)
    digest, head, entries = only_file(cache).read_bytes().split(b"\n")
    assert len(digest) == 64
    assert set(json.loads(head)) == {"version", "fingerprint", "vocabularies", "index"}
    assert entries.startswith(b'{"name":"Dense"')


def test_the_whole_catalog_of_keras_comes_back_from_the_cache(engine: str) -> None:
    from kerasgen.engines.keras3.introspection import keras_catalog

    made = keras_catalog()
    assert save_catalog(made, INSTALLED)
    found = load_catalog(INSTALLED)
    assert found is not None
    assert sum(len(entries) for entries in made.entries.values()) > 600
    assert plain(found) == plain(made)


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**40)


@pytest.mark.parametrize("make", [_pipe, _device, Path.mkdir, _sparse])
def test_what_is_no_file_of_ours_is_no_catalog(cache: Path, make) -> None:
    assert save_catalog(small_catalog(), INSTALLED)
    path = only_file(cache)
    path.unlink()
    make(path)
    assert load_catalog(INSTALLED) is None
