"""The config of a run, its data, what it was made with, and how to repeat it.

This room owns what of a record is told word for word. Nothing of it is opened or executed.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from kerasgen.emit.page.blocks import Block, Code, Facts, Folded, Note, Section, Table
from kerasgen.emit.text.resolved_config import config_with_origins, config_yaml
from kerasgen.foreign.passwords import without_passwords
from kerasgen.passes.cost import human_bytes
from kerasgen.record.files import number
from kerasgen.run.page.material import Material
from kerasgen.run.page.wording import duration_text, figure_text, word

MOST_CONFIG = 200_000
"""Characters of a config that are shown."""

MOST_COLUMNS = 300
"""Columns of the data that are listed."""

_SURROUNDINGS = (
    "kerasgen",
    "python",
    "backend",
    "devices",
    "hardware",
    "git",
    "code",
    "environment",
)


def config_section(material: Material) -> Section:
    """The config, each value with the place where it was written."""
    if not material.config:
        return Section(name="config", title="Config", blocks=())
    if material.source_map is None:
        text = config_yaml(material.config)
    else:
        text = config_with_origins(material.config, material.source_map.locate)
    blocks: list[Block] = []
    if len(text) > MOST_CONFIG:
        text = text[:MOST_CONFIG]
        blocks.append(Note(text=f"Its first {MOST_CONFIG:,} characters.", tone="warning"))
    if material.overrides:
        said = " ".join(shlex.quote(text) for text in material.overrides)
        blocks.append(Facts(pairs={"said on the command line": word(without_passwords(said))}))
    blocks.append(Folded(title="all of it, with origins", blocks=(Code(text=text, comment="#"),)))
    return Section(name="config", title="Config", blocks=tuple(blocks))


def data_section(material: Material) -> Section:
    """Source, columns, parts and fingerprint of the data."""
    data = material.data
    if not data:
        return Section(name="data", title="Data", blocks=())
    source = data.get("source")
    pairs = (
        {word(key): word(value) for key, value in source.items()}
        if isinstance(source, Mapping)
        else {}
    )
    pairs = dict(list(pairs.items())[:20])
    pairs |= {
        "samples": figure_text(data["samples"]) if "samples" in data else "",
        "fingerprint": word(data.get("fingerprint", "")),
    }
    blocks: list[Block] = [Facts(pairs={key: value for key, value in pairs.items() if value})]
    if (parts := _parts(data.get("parts"))) is not None:
        blocks.append(parts)
    if (columns := _columns(material)) is not None:
        blocks.append(columns)
    if (classes := _classes(data.get("classes"))) is not None:
        blocks.append(Folded(title="how often each class occurs", blocks=(classes,)))
    return Section(name="data", title="Data", blocks=tuple(blocks))


def environment_section(material: Material) -> Section:
    """Packages, machine and code."""
    pairs: dict[str, str] = {}
    for name in _SURROUNDINGS:
        value = material.fields.get(name)
        if isinstance(value, Mapping):
            pairs |= _group(name, value)
        elif value is not None:
            pairs[name] = word(value)
    host = material.group("process").get("host")
    pairs |= {"host": word(host)} if host is not None else {}
    blocks: list[Block] = [Facts(pairs=pairs)]
    packages = material.group("packages")
    if packages:
        rows = tuple((word(name), word(version)) for name, version in list(packages.items())[:200])
        blocks.append(Table(head=("package", "version"), rows=rows))
    rooms = material.group("code").get("rooms")
    if isinstance(rooms, Mapping) and rooms:
        parts = tuple((word(name), word(digest)) for name, digest in list(rooms.items())[:100])
        blocks.append(
            Folded(
                title="the code of each part of kerasgen",
                blocks=(Table(head=("part", "hash"), rows=parts),),
            )
        )
    if timings := material.group("timings"):
        steps = tuple(
            (word(name), duration_text(value) if isinstance(value, int | float) else word(value))
            for name, value in list(timings.items())[:60]
        )
        blocks.append(
            Folded(
                title="how long each step took",
                blocks=(Table(head=("step", "time"), rows=steps, numbers=frozenset({1})),),
            )
        )
    return Section(name="environment", title="Environment", blocks=tuple(blocks))


def _group(name: str, values: Mapping[str, object]) -> dict[str, str]:
    """The fields of a group of a record; those that have a table of their own are left to it."""
    found = {}
    for key, value in list(values.items())[:40]:
        if isinstance(value, Mapping) and key == "rooms":
            continue
        size = number(value) if key == "memory" else None
        text = word(value) if size is None else human_bytes(int(size))
        found[name if key == name else f"{name}: {word(key)}"] = text
    return found


def repetition_section(material: Material) -> Section:
    """Commands that train it again, and that ask it."""
    name = shlex.quote(material.name)
    folder = repr(str(material.run.folder))
    fold = " --fold 1" if material.group("folds") else ""
    single = material.run.status == "completed" and not fold
    verified = f"\nkerasgen verify {name}" if single else ""
    said = [shlex.quote(without_passwords(text)) for text in material.overrides]
    python = ["import kerasgen", "", f"run = kerasgen.load({folder}{', fold=1' if fold else ''})"]
    python += ["print(run.evaluate())", "answers = run.predict(rows)"]
    blocks: list[Block] = [
        Note(text="With the same files of configs, as it was first run:"),
        Code(text=" ".join(["python run.py", *said]), copied=True),
        Note(text="From its record, in a new folder:"),
        Code(text=f"kerasgen rerun {name}{verified}", copied=True),
        Note(text="Its answers for new rows, and its figures once more:"),
        Code(
            text=f"kerasgen predict {name}{fold} {_new_rows(material)}\n"
            f"kerasgen evaluate {name}{fold}",
            copied=True,
        ),
        Note(text="In Python:"),
        Code(text="\n".join(python), copied=True),
    ]
    return Section(name="repeat", title="How to repeat it", blocks=tuple(blocks))


def _new_rows(material: Material) -> str:
    """How new rows are handed over, by what the features are."""
    columns = {} if material.schema is None else material.schema.columns
    kinds = {column.type for column in columns.values() if "feature" in column.roles}
    if kinds == {"text"}:
        return "--text 'some words'"
    if kinds <= {"image", "audio"} and kinds:
        return "folder/ -o answers.csv"
    return "new.csv -o answers.csv"


def _parts(parts: object) -> Table | None:
    if not isinstance(parts, Mapping) or not parts:
        return None
    rows = []
    for name, part in list(parts.items())[:20]:
        told = part if isinstance(part, Mapping) else {}
        rows.append((word(name), figure_text(told.get("samples")), word(told.get("rows"))))
    return Table(head=("part", "samples", "rows"), rows=tuple(rows), numbers=frozenset({1}))


def _columns(material: Material) -> Table | None:
    told = material.data.get("columns")
    figures = told if isinstance(told, Mapping) else {}
    kinds = {} if material.schema is None else material.schema.columns
    names = list(dict.fromkeys([*map(str, figures), *kinds]))
    if not names:
        return None
    rows = []
    for name in names[:MOST_COLUMNS]:
        found = figures.get(name)
        own = found if isinstance(found, Mapping) else {}
        column = kinds.get(name)
        rows.append(
            (
                word(name),
                "" if column is None or column.type is None else column.type,
                "" if column is None else ", ".join(column.roles),
                word(own.get("dtype", "")),
                word(own.get("shape", "")),
                *(figure_text(own[key]) if key in own else "" for key in ("min", "max")),
            )
        )
    caption = f"{MOST_COLUMNS} of {len(names):,} columns" if len(names) > MOST_COLUMNS else ""
    return Table(
        head=("column", "type", "role", "dtype", "shape of a row", "least", "most"),
        rows=tuple(rows),
        caption=caption,
        numbers=frozenset({5, 6}),
        sortable=True,
    )


def _classes(classes: object) -> Table | None:
    if not isinstance(classes, Mapping):
        return None
    rows = [
        (word(target), word(name), figure_text(count))
        for target, counts in list(classes.items())[:20]
        if isinstance(counts, Mapping)
        for name, count in list(counts.items())[:200]
    ]
    if not rows:
        return None
    return Table(
        head=("column", "class", "rows"),
        rows=tuple(rows),
        numbers=frozenset({2}),
        sortable=True,
    )
