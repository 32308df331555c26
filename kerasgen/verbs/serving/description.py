"""What a server takes and gives, as OpenAPI says it.

This room owns the description of `/predict`: the columns of the run, with their types. It must not
know how requests are read.
"""

from __future__ import annotations

from typing import Any

from kerasgen.verbs.answers.path_cells import file_columns
from kerasgen.verbs.serving.asked.table import ENDINGS
from kerasgen.verbs.trained_run import TrainedRun

_TEXT_OF_ROWS: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}

_PROBLEMS = {
    400: "the body is not what its content type says",
    401: "the token is missing or wrong",
    408: "the request came in too slowly",
    413: "the request, or its number of rows, is too large",
    415: "the content type is not known",
    422: "a row has no answer, or a column is not there; `diagnostics` tell which and why",
    503: "the model is not ready, or too many requests wait; come again",
    504: "there was no answer in time",
}
"""Status to what it means."""


def predict_description(run: TrainedRun) -> dict[str, Any]:
    """What `/predict` takes and gives, as the fields of an operation of OpenAPI."""
    row = _row(run)
    rows = {"type": "array", "items": row}
    files = {"type": "array", "items": {"type": "string", "format": "binary"}}
    content: dict[str, Any] = {
        "application/json": {"schema": {"oneOf": [row, rows]}},
        "multipart/form-data": {"schema": {"type": "object", "properties": {"files": files}}},
    }
    if not file_columns(run):
        content |= dict.fromkeys(ENDINGS, _TEXT_OF_ROWS)
    answer = {"type": "object", "additionalProperties": True}
    answers = {"oneOf": [answer, {"type": "array", "items": answer}]}
    return {
        "requestBody": {"required": True, "content": content},
        "responses": {
            "200": {
                "description": "what the model says: an object for a row, a list for several",
                "content": {
                    "application/json": {"schema": answers},
                    "application/x-ndjson": _TEXT_OF_ROWS,
                    "text/csv": _TEXT_OF_ROWS,
                },
            },
            **{str(status): _problem(told) for status, told in _PROBLEMS.items()},
        },
    }


def _row(run: TrainedRun) -> dict[str, Any]:
    """A row as JSON Schema."""
    properties = {name: _cell(run, name, kind) for name, kind in run.columns.items()}
    return {"type": "object", "required": list(run.needed), "properties": properties}


def _cell(run: TrainedRun, name: str, kind: str) -> dict[str, Any]:
    column = run.schema.columns.get(name)
    shape = () if column is None else column.shape or ()
    if name in file_columns(run):
        told = "the values, or the file in base64"
        return {"description": told, "type": ["array", "string"]}
    if shape and kind != "sequence":
        sizes = " by ".join("any" if size is None else str(size) for size in shape)
        return {"description": f"{sizes} values", "type": ["array", "string"]}
    if column is not None and column.dtype in (None, "text"):
        return {"description": kind, "type": ["string", "number", "boolean", "array", "null"]}
    return {"description": kind, "type": ["number", "string", "boolean", "null"]}


def _problem(told: str) -> dict[str, Any]:
    diagnostic = {"type": "object", "additionalProperties": True}
    schema = {
        "type": "object",
        "properties": {
            "detail": {"type": "string"},
            "diagnostics": {"type": "array", "items": diagnostic},
        },
    }
    return {"description": told, "content": {"application/json": {"schema": schema}}}
