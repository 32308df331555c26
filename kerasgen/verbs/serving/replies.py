"""What clients read: answers and refusals as responses of HTTP.

This room owns the status of each refusal and the form of bodies. It must not know how an answer
came about.

Decisions:
- Each refusal is an object with `detail` in words; `diagnostics` are as those of `check --json`.
- Nothing of an exception is told to a client; the server's own stderr has it.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Iterator, Sequence
from typing import IO

from fastapi.responses import Response, StreamingResponse
from starlette.exceptions import HTTPException

from kerasgen.diagnostics import CompileError, Diagnostic
from kerasgen.diagnostics.render import render_json
from kerasgen.foreign.passwords import without_passwords
from kerasgen.foreign.regular_files import TOO_MUCH, ForeignFileError
from kerasgen.verbs.serving.asked.rows import TooManyRowsError
from kerasgen.verbs.serving.asked.table import Form
from kerasgen.verbs.serving.guard import RefusedRequestError, refusal
from kerasgen.verbs.serving.joined_answers import Failed, Refused

_TYPES: dict[Form, str] = {
    "json": "application/json",
    "lines": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
}

_PART = 64 * 2**10


def rows_reply(lines: Sequence[str], form: Form, *, single: bool) -> Response:
    """The answer for rows.

    Args:
        lines: each row as JSON.
        form: how it is written; rows of JSON have no CSV.
        single: whether one row is asked.
    """
    if form == "lines":
        body = "".join(f"{line}\n" for line in lines)
        return Response(body, media_type=_TYPES["lines"])
    body = (lines[0] if lines else "null") if single else f"[{','.join(lines)}]"
    return Response(body, media_type=_TYPES["json"])


def table_reply(out: IO[bytes], form: Form) -> Response:
    """The answer for a table, some of it at a time; its file is closed at the end."""

    def parts() -> Iterator[bytes]:
        with out:
            out.seek(0)
            while part := out.read(_PART):
                yield part

    return StreamingResponse(parts(), media_type=_TYPES[form])


def problem_reply(error: Exception, hidden: str = "") -> Response:
    """The answer to a request that has no other, by what was raised.

    Args:
        error: what was raised.
        hidden: the path of a folder of the server's own, which is not told.
    """
    if isinstance(error, RefusedRequestError):
        body, headers = refusal(error)
        return Response(body, error.status, headers)
    if isinstance(error, TooManyRowsError):
        return _problem(413, str(error))
    if isinstance(error, ForeignFileError):
        place = "" if error.line is None else f" (line {error.line}, column {error.column})"
        status = 413 if error.code == TOO_MUCH else 400
        return _problem(status, f"the body {error.reason}{place}")
    if isinstance(error, CompileError):
        return _refused(error.diagnostics, hidden)
    if isinstance(error, HTTPException):  # of a form that is none
        return _problem(error.status_code, str(error.detail))
    _print(error)
    return _problem(500, "the server could not answer")


def outcome_problem(outcome: Refused | Failed, hidden: str = "") -> Response:
    """The answer to a request that was refused, or failed; as for `problem_reply`."""
    if isinstance(outcome, Refused):
        return _refused(outcome.diagnostics, hidden)
    return problem_reply(outcome.error, hidden)


def _refused(diagnostics: Sequence[Diagnostic], hidden: str) -> Response:
    told = json.dumps(
        {
            "detail": "; ".join(diagnostic.message for diagnostic in diagnostics[:8]),
            "diagnostics": render_json(diagnostics),
        }
    )
    shown = told.replace(f"{hidden}/", "") if hidden else told
    return Response(shown, 422, media_type="application/json")


def _problem(status: int, detail: str) -> Response:
    return Response(json.dumps({"detail": detail}), status, media_type="application/json")


def _print(error: Exception) -> None:
    text = "".join(traceback.format_exception(error))
    print(without_passwords(text), end="", file=sys.stderr, flush=True)
