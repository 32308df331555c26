"""Damaged model files of every form: each is read, or refused with a place in time.

`pytest -m slow tests/engines/keras3/model_files/test_damage.py` tries 600 of them.
"""

import contextlib
import json
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import h5py
import pytest
import yaml
from model_damage import damaged_bytes, damaged_tree

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import CompileError, Sink
from kerasgen.diagnostics.render import render_text

SEEDS = sorted((Path(__file__).parent / "seeds").glob("*.json"))

LONGEST = 10.0
"""Seconds that one file may take."""


def varint(number: int) -> bytes:
    made = b""
    while number > 127:
        made += bytes([number & 127 | 128])
        number >>= 7
    return made + bytes([number])


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def written(tree: Any, form: str, folder: Path) -> Path:
    """A topology in one of the containers."""
    text = json.dumps(tree)
    path = folder / f"model.{form}"
    if form == "yaml":
        path.write_text(yaml.safe_dump(json.loads(text)))
    elif form == "h5":
        with h5py.File(path, "w") as file:
            with contextlib.suppress(OSError, RuntimeError):  # One of more than 64 KiB.
                file.attrs["model_config"] = text.encode()
            file.create_group("model_weights")
    elif form == "keras":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("config.json", text)
            archive.writestr("metadata.json", "{}")
    elif form == "saved":
        path.mkdir(exist_ok=True)
        told = json.dumps({"model_config": tree, "keras_version": "2.5.0"}).encode()
        (path / "saved_model.pb").write_bytes(b"")
        (path / "keras_metadata.pb").write_bytes(field(1, field(3, b"root") + field(5, told)))
    elif form == "js":
        path.write_text(json.dumps({"modelTopology": tree, "weightsManifest": []}))
    else:
        path.write_text(text)
    return path


def damaged_files(number: int, seed: int, folder: Path) -> Iterator[Path]:
    """Damaged files of all forms: three of four in their tree, the others in their bytes."""
    random = Random(seed)
    for _ in range(number):
        tree = json.loads(random.choice(SEEDS).read_text())
        form = random.choice(("json", "json", "json", "yaml", "h5", "keras", "saved", "js"))
        if random.random() < 0.75:
            yield written(damaged_tree(random, tree), form, folder)
            continue
        path = written(tree, form, folder)
        inside = path / "keras_metadata.pb" if path.is_dir() else path
        inside.write_bytes(damaged_bytes(random, inside.read_bytes()))
        yield path


def survive(number: int, seed: int, folder: Path, catalog: Catalog) -> dict[str, int]:
    """Imports damaged files; gives how many were read and how many refused."""
    from kerasgen.engines.keras3.decompile.text import import_model

    counts = {"read": 0, "refused": 0}
    for path in damaged_files(number, seed, folder):
        sink, begin = Sink(), time.process_time()
        try:
            made = import_model(str(path), sink, catalog=catalog)
            made.text.encode()
            counts["read"] += 1
        except CompileError:
            counts["refused"] += 1
        assert sink.errors or counts["read"], "a refusal says why"
        render_text(sink.diagnostics).encode()
        assert time.process_time() - begin < LONGEST, path.read_text()[:1000]
    return counts


def test_a_sample_of_damaged_files_is_read_or_refused(catalog: Catalog, tmp_path: Path) -> None:
    counts = survive(40, 7, tmp_path, catalog)
    assert min(counts.values()) > 0


@pytest.mark.slow
def test_six_hundred_damaged_files_are_read_or_refused(catalog: Catalog, tmp_path: Path) -> None:
    counts = survive(600, 20261128, tmp_path, catalog)
    assert counts["read"] + counts["refused"] == 600
    assert counts["refused"] > 200
