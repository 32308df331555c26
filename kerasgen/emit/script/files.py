"""Step 1 of a script for sources in files: tables of text, and folders of images.

This room owns the text that reads them, as `data.sources.csv_table` and `data.sources.images` do.
"""

from __future__ import annotations

from collections.abc import Mapping

from kerasgen.emit.script.code import (
    Code,
    call,
    function,
    listed,
    literal,
    statement,
    string,
)
from kerasgen.emit.script.columns import (
    SourceContext,
    closing_lines,
    finished_lines,
    label_lines,
    used_columns,
)
from kerasgen.ir.values import Value

_MISSING = ("", "?", "NA", "N/A", "NaN", "nan", "null")
"""Default of the argument `missing_values` of `Csv`."""


def csv_lines(context: SourceContext) -> tuple[str, list[str]]:
    """What `load_data` says of itself for a table of text, and its lines."""
    test = isinstance(context.data.source.arguments.get("test_path"), str)
    lines = ["    cells = read_table(path)"]
    columns = "{name: parse_cells(column) for name, column in cells.items()}"
    if test:
        lines = ["    cells, more = read_table(path), read_table(test_path)"]
        columns = "{name: parse_cells(cells[name] + more[name]) for name in cells}"
    later = label_lines(context)
    if not context.given:
        return "Reads the columns of a table.", [*lines, *closing_lines(columns, later)]
    lines += [
        f"    columns = {columns}",
        "    sizes = [len(next(iter(part.values()))) for part in (cells, more)]",
        '    given = np.repeat(["training", "test"], sizes)',
    ]
    return "Reads the columns of a table.", [*lines, *later, "    return columns, given"]


def table_function(context: SourceContext) -> str:
    """The function `read_table` of a `Csv` source: column to its cells, as text."""
    arguments = context.data.source.arguments
    quote: Value = arguments.get("quote", '"')
    options: dict[str, Code] = {}
    if arguments.get("delimiter", ",") != ",":
        options["delimiter"] = literal(arguments["delimiter"])
    if quote is None:
        options["quoting"] = "csv.QUOTE_NONE"
    elif quote != '"':
        options["quotechar"] = literal(quote)
    options["skipinitialspace"] = "True"
    options |= {} if quote is None else {"strict": "True"}
    lines = ['    with Path(path).expanduser().open(encoding="utf-8-sig", newline="") as file:']
    lines += statement("reader = ", call("csv.reader", "file", named=options), depth=2)
    lines.append("        rows = [[cell.strip() for cell in row] for row in reader if row]")
    columns = arguments.get("columns")
    header = arguments.get("header", True)
    if columns is not None:
        lines += statement("names = ", literal(columns))
        lines += ["    rows = rows[1:]"] if header else []
    elif header:
        lines.append('    names = [name or f"c{index}" for index, name in enumerate(rows[0])]')
        lines.append("    rows = rows[1:]")
    else:
        lines.append('    names = [f"c{index}" for index in range(len(rows[0]))]')
    lines += _used_cells(context, arguments)
    return function("read_table(path)", "Reads the cells of the used columns of a file.", lines)


def _used_cells(context: SourceContext, arguments: Mapping[str, Value]) -> list[str]:
    used = used_columns(context.data)
    lines = ["    used = names"] if used is None else statement("used = ", literal(used))
    lines.append("    places = [names.index(name) for name in used]")
    cells = "    rows = [[row[place] for place in places] for row in rows if any(row)]"
    lines.append(cells)
    if arguments.get("missing") == "drop":
        missing = arguments.get("missing_values", _MISSING)
        assert isinstance(missing, tuple)
        entries = ", ".join(string(str(word)) for word in missing)
        lines += [
            *statement("missing = ", _set(missing) if len(entries) > 60 else f"{{{entries}}}"),
            "    rows = [row for row in rows if not missing.intersection(row)]",
        ]
    lines.append("    cells = zip(*rows, strict=True)")
    lines.append("    return dict(zip(used, map(list, cells), strict=True))")
    return lines


def _set(words: tuple[Value, ...]) -> Code:
    return call("set", listed(string(str(word)) for word in words))


def image_lines(context: SourceContext) -> tuple[str, list[str]]:
    """What `load_data` says of itself for images in folders, and its lines."""
    arguments = context.data.source.arguments
    mode = {"rgb": "RGB", "rgba": "RGBA", "grayscale": "L"}[str(arguments.get("color_mode", "rgb"))]
    size = arguments.get("size")
    lines = [
        "    files = dict(read_files(path))",
        "    files = {",
        "        name: content",
        "        for name, content in files.items()",
        '        if not any(folder.startswith((".", "__MACOSX")) for folder in name)',
        '        and name[-1] != "Thumbs.db"',
        "    }",
        "    # Folders around those of the parts and classes say nothing.",
        "    folders = [name[:-1] for name in files if len(name) > 1]",
        "    shared = [",
        "        len(set(level)) == 1 and level[0].lower() not in PARTS",
        "        for level in zip(*folders, strict=False)",
        "    ]",
        "    depth = [*shared, False].index(False)",
        "    files = {name[depth:]: content for name, content in files.items()}",
        "    parted = any(len(name) > 2 and name[0].lower() in PARTS for name in files)",
        "    found = []",
        "    for name, content in files.items():",
        "        if len(name) > (2 if parted else 1):",
        '            part = PARTS[name[0].lower()] if parted else "training"',
        "            found.append((part, name[1:] if parted else name, content))",
        '    order = ["training", "validation", "test"]',
        "    found.sort(key=lambda file: (order.index(file[0]), file[1]))",
        "    classes = sorted({name[0] for _, name, _ in found})",
        "    images = []",
        "    for _, _, content in found:",
        f"        image = Image.open(io.BytesIO(content)).convert({string(mode)})",
    ]
    if isinstance(size, tuple):
        height, width = size
        lines += [
            f"        if image.size != ({width}, {height}):",
            f"            image = image.resize(({width}, {height}), Image.Resampling.BILINEAR)",
        ]
    lines.append("        images.append(np.asarray(image))")
    image = "np.stack(images)[..., np.newaxis]" if mode == "L" else "np.stack(images)"
    label = "np.array([classes.index(name[0]) for _, name, _ in found])"
    given = "np.array([part for part, _, _ in found])"
    text = "Reads images in folders of classes, with or without folders of parts around."
    return text, [*lines, *finished_lines(context, {"image": image, "label": label}, given)]
