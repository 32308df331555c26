"""Sheets of Excel files become frames of Polars."""

from __future__ import annotations

from typing import Any

from kerasgen.runtime.errors import DataError
from kerasgen.runtime.tabular.text_tables import TableForm


def read_sheet_of(file: str, form: TableForm) -> Any:
    """Reads a sheet of an Excel file.

    Raises:
        DataError: it is no such file, or has no such sheet.
    """
    import polars

    header, sheet = form.get("header", True), form.get("sheet")
    try:
        return polars.read_excel(file, sheet_name=sheet, has_header=header)
    except Exception as error:  # its reader has errors of its own
        if sheet is not None and (sheets := sheets_of(file)) and sheet not in sheets:
            listed = ", ".join(f"`{name}`" for name in sheets[:20])
            problem = f"`{file}` cannot be read as excel: it has no sheet `{sheet}`"
            raise DataError(f"{problem}; its sheets are {listed}", "sheet") from error
        problem = f"`{file}` cannot be read as excel: {first_line(error)}"
        raise DataError(problem, about="path") from error


def sheets_of(file: str) -> list[str]:
    """The names of the sheets of an Excel file; none where it is no such file."""
    try:
        import fastexcel

        return [*fastexcel.read_excel(file).sheet_names]
    except Exception:  # its reader has errors of its own
        return []


def first_line(error: BaseException) -> str:
    """The first line of what a library says."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
