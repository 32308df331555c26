"""The rows of the data of a run, where it is still there: what a person sees of one of them.

This room owns whether data is opened for a page, and how a cell becomes a picture or words.

Decisions:
- A config may be a stranger's and may name any file of this machine: rows are shown only where the
  data is, to its last byte, the one that the run was trained on. Who knows its fingerprint has it.
- No connection is opened, and nothing is downloaded: where the run was allowed to do so does not
  count.
- Large data is left closed: a page is no reason to read it all.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from kerasgen.data.times import as_moments
from kerasgen.diagnostics import CompileError, Sink
from kerasgen.emit.page.blocks import Card, Image, Svg
from kerasgen.foreign.printable import cut
from kerasgen.ir.training import Array
from kerasgen.record.files import number
from kerasgen.registry import Trust
from kerasgen.run.page.material import Material
from kerasgen.run.page.wording import figure_text, word
from kerasgen.runtime.errors import DataError

When: TypeAlias = Literal["auto", "always", "never"]
"""When the data is opened; `auto` where it is not large."""

MOST_BYTES = 2**30
"""Bytes of data, as its columns tell, up to which it is opened unasked."""

MOST_SECONDS = 60.0
"""Seconds that it took the run to read its data, up to which it is opened unasked."""

MOST_FEATURES = 24
"""Features of a row that are told."""

MOST_TEXT = 600
"""Characters of a text that are told."""

MOST_PIXELS = 160
"""Pixels of a side of an image that is shown; of larger ones every n-th."""

_SHORT = 60
"""Characters of a text that stands among the numbers and words of a row."""

_LOOKED_AT = 500
"""Cells of a column by which it is a column of texts."""

_WAVE = 160
"""Places of the line that stands for a sound or a sequence."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OpenedRows:
    """The opened data.

    Attributes:
        columns: its columns, rows first.
        places: number of a row in the source to its place in the columns; None where it is that.
        shown: the columns of which a row is told, in order.
        ranges: column of images to the least and the most of its values.
        time: the column of times; empty for none.
        series: the column that tells several series apart; empty for none.
        texts: the columns of texts, whose cells are read in full, the short ones too.
    """

    columns: Mapping[str, Array]
    places: Mapping[int, int] | None
    shown: tuple[str, ...]
    ranges: Mapping[str, tuple[float, float]]
    time: str
    series: str
    texts: frozenset[str]

    def card(self, row: int, title: str, facts: Mapping[str, str]) -> Card:
        """What is told of a row of the source, behind other facts; only these if there is none."""
        place = self._place(row)
        if place is None:
            return Card(title=title, facts=facts)
        images: list[Image] = []
        told: dict[str, str] = {}
        texts: list[str] = []
        line: Svg | None = None
        for name in self.shown:
            cell = np.asarray(self.columns[name][place])
            if (image := _image(cell, self.ranges.get(name))) is not None:
                images.append(Image(png=image, caption=word(name)))
            elif cell.ndim == 1 and cell.size > MOST_FEATURES and cell.dtype.kind in "fiu":
                line = line or _line(cell)
            elif (text := self._text(name, cell)) is not None:
                texts.append(cut(text, MOST_TEXT))
            elif len(told) < MOST_FEATURES:
                told[word(name)] = _told(cell)
        return Card(
            title=title,
            facts={**facts, **told},
            images=tuple(images[:4]),
            svg=line,
            text="\n".join(texts),
        )

    def times_at(self, rows: Array) -> Array | None:
        """The times of rows of the source; None where they have none."""
        if not self.time:
            return None
        return np.asarray(as_moments(self.columns[self.time][self._all(rows)]))

    def with_rows_before(self, rows: Array, values: Array, target: str) -> tuple[Array, Array]:
        """What a series was in the rows before, where the source holds the very values.

        Args:
            rows: rows of the source, of one series, in order.
            values: what is forecast of them, `(rows, targets)`.
            target: the column that is forecast.
        """
        column = self.columns.get(target)
        if column is None or column.ndim != 1 or column.dtype.kind not in "fiu" or not len(rows):
            return rows, values
        places = self._all(rows)
        if values.shape[1] != 1 or not np.allclose(column[places], values[:, 0], rtol=1e-3):
            return rows, values
        sources = None if self.places is None else {v: k for k, v in self.places.items()}
        begin = max(int(places[0]) - max(len(rows), 24), 0)
        before = np.arange(begin, int(places[0]))
        if self.series:
            names = self.columns[self.series]
            before = before[names[before] == names[places[0]]]
        ids = [int(p) if sources is None else sources.get(int(p), 0) for p in before]
        return (
            np.concatenate([np.asarray(ids, dtype=rows.dtype), rows]),
            np.concatenate([column[before][:, np.newaxis].astype(values.dtype), values]),
        )

    def series_at(self, rows: Array) -> Array | None:
        """The series of rows of the source; None for a single one."""
        if not self.series:
            return None
        return np.asarray([str(name) for name in self.columns[self.series][self._all(rows)]])

    def _text(self, name: str, cell: Array) -> str | None:
        """A cell that is read in full; None for what is a word or a number."""
        text = cell.item() if cell.ndim == 0 else None
        long = isinstance(text, str) and (name in self.texts or len(text) > _SHORT)
        return str(text) if long else None

    def _place(self, row: int) -> int | None:
        if self.places is not None:
            return self.places.get(row)
        return row if 0 <= row < len(next(iter(self.columns.values()))) else None

    def _all(self, rows: Array) -> Array:
        return np.asarray([self._place(int(row)) or 0 for row in rows])


def open_rows(material: Material, trust: Trust, when: When) -> OpenedRows | str:
    """Opens the data of a run, or tells why it is left closed.

    Args:
        material: the run.
        trust: modules whose parts may read it.
        when: when it is opened.
    """
    if when == "never":
        return "the data was left closed"
    if not material.config:
        return "the config of the run, which names its data, cannot be read"
    if when == "auto" and (reason := _too_large(material)):
        return f"{reason}; `--data always` opens it all the same"
    try:
        return _opened(material, trust)
    except CompileError as error:
        return f"the data cannot be opened: {error.diagnostics[0].message}"
    except (DataError, OSError, MemoryError, ImportError) as error:
        return f"the data cannot be opened: {word(error)}"


def _opened(material: Material, trust: Trust) -> OpenedRows | str:
    from kerasgen.data.opened import open_data
    from kerasgen.passes.reach import check_source_reach
    from kerasgen.session.recorded import recorded_config
    from kerasgen.session.session import Session
    from kerasgen.session.states import Aim

    session = Session(
        recorded_config(material.run.folder, trust), Aim(data="closed", engine="none")
    )
    definition, sink = session.data, Sink()
    check_source_reach(definition, sink, trust)
    sink.stop_on_errors()
    if definition.absent:
        return "the run has no data"
    opened = open_data(definition, Sink(), seed=session.parsed.seed)
    if opened.fingerprint != material.data.get("fingerprint"):
        return "the data is not what the run was trained on: its fingerprint is another one"
    places = None
    if opened.order is not None:
        places = {int(row): place for place, row in enumerate(opened.order)}
    hidden = {*definition.target.values(), *definition.joined.get("", ())}
    for names in definition.joined.values():
        hidden |= set(names)
    return OpenedRows(
        columns=opened.columns,
        places=places,
        shown=tuple(name for name in opened.columns if name not in hidden),
        ranges=_ranges(material),
        time=definition.time if definition.time in opened.columns else "",
        series=definition.series if definition.series in opened.columns else "",
        texts=frozenset(name for name, column in opened.columns.items() if _is_text(column)),
    )


def _is_text(column: Array) -> bool:
    """Whether some of the first cells are too long for a line of a table."""
    if column.ndim != 1 or column.dtype.kind not in "OTU":
        return False
    return any(isinstance(cell, str) and len(cell) > _SHORT for cell in column[:_LOOKED_AT])


def _too_large(material: Material) -> str:
    """Why the data is left closed unasked; empty where it is not large."""
    samples = number(material.data.get("samples")) or 0.0
    columns = material.data.get("columns")
    size = 0.0
    for column in columns.values() if isinstance(columns, Mapping) else ():
        shape = column.get("shape") if isinstance(column, Mapping) else None
        sides = [number(side) or 1.0 for side in shape] if isinstance(shape, list) else []
        size += samples * math.prod(sides) * 4
    if size > MOST_BYTES:
        return f"the data is large ({size / 2**30:.3g} GiB in memory)"
    seconds = number(material.group("timings").get("load")) or 0.0
    return "the data takes long to read" if seconds > MOST_SECONDS else ""


def _ranges(material: Material) -> dict[str, tuple[float, float]]:
    columns = material.data.get("columns")
    found = {}
    for name, told in columns.items() if isinstance(columns, Mapping) else ():
        if not isinstance(told, Mapping):
            continue
        low, high = number(told.get("min")), number(told.get("max"))
        if low is not None and high is not None:
            found[str(name)] = (low, high)
    return found


def _told(cell: Array) -> str:
    if cell.ndim == 0:
        value = cell.item()
        return figure_text(value) if isinstance(value, int | float) else word(value)
    return word(list(cell.reshape(-1)[:MOST_FEATURES].tolist()))


def _image(cell: Array, ends: tuple[float, float] | None) -> str | None:
    """A cell as a PNG in Base64; None for what is no image."""
    if cell.ndim != 3 or cell.shape[-1] not in (1, 3, 4) or cell.dtype.kind not in "fiub":
        return None
    return png_of(cell, ends)


def png_of(pixels: Array, ends: tuple[float, float] | None = None) -> str:
    """An image as a PNG in Base64.

    Args:
        pixels: `(height, width, channels)`, of 1, 3 or 4 channels.
        ends: the values that become black and white; None for those of the image.
    """
    from PIL import Image as Picture

    step = max(1, math.ceil(max(pixels.shape[:2]) / MOST_PIXELS))
    values = np.nan_to_num(pixels[::step, ::step].astype("float64"))
    low, high = ends if ends is not None else (float(values.min()), float(values.max()))
    if low >= 0 and high > 16 and pixels.dtype == np.uint8:
        low, high = 0.0, 255.0  # Photographs keep their brightness.
    scaled = (values - low) / ((high - low) or 1.0)
    bytes_ = (scaled.clip(0.0, 1.0) * 255).round().astype("uint8")
    file = io.BytesIO()
    Picture.fromarray(bytes_[..., 0] if bytes_.shape[-1] == 1 else bytes_).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def _line(values: Array) -> Svg:
    """A sequence of numbers as a line."""
    step = max(1, math.ceil(values.size / _WAVE))
    shown = np.nan_to_num(values[::step].astype("float64"))
    low, high = float(shown.min()), float(shown.max())
    points = " ".join(
        f"{place},{40 - 36 * (value - low) / ((high - low) or 1.0):.1f}"
        for place, value in enumerate(shown)
    )
    return Svg(
        f'<svg viewBox="0 0 {_WAVE} 44" width="{_WAVE}" height="44" role="img">'
        f'<polyline points="{points}" fill="none" stroke="#0072B2"/></svg>'
    )
