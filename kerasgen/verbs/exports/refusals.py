"""What is refused of an export: its format, its backend, the place of its file.

This room owns the words in which that is said, and which other way each of them names.
"""

from __future__ import annotations

from pathlib import Path

from kerasgen.diagnostics import CompileError, Sink, SourceLocation, did_you_mean
from kerasgen.engine.exporter import ExportFormat
from kerasgen.engines.choice import export_formats, installed_backends
from kerasgen.foreign.regular_files import is_folder, is_regular, is_there
from kerasgen.process.packages import is_installed


def known_format(name: str) -> ExportFormat:
    """A format by its name.

    Raises:
        CompileError: KG651, there is none of that name.
    """
    formats = export_formats()
    if name not in formats:
        place = SourceLocation(override=f"--format {name}")
        known = "known: " + ", ".join(f"`{one}`" for one in formats)
        help_ = did_you_mean(name, formats, listed=0) or known
        raise Sink().fail_at("KG651", f"there is no format `{name}`", place, help=help_)
    return formats[name]


def files_of(path: Path, form: ExportFormat) -> list[Path]:
    """A file with what belongs to it."""
    return [path, *(path.with_suffix(ending) for ending in form.beside)]


def check_path(path: Path, form: ExportFormat, *, replaces: bool) -> None:
    """Refuses a place before anything is computed.

    Args:
        path: the file or folder that is asked for.
        form: its format.
        replaces: whether what is there is replaced.

    Raises:
        CompileError: KG605, it has another ending, is taken, or its folder is not there.
    """
    help_ = None
    if not path.name.endswith(form.ending) or path.name == form.ending:
        told = f"`{path}` does not end in `{form.ending}`, as a file of `{form.name}` does"
        help_ = f"-o {path.name.partition('.')[0] or 'model'}{form.ending}"
    elif not is_folder(path.absolute().parent):
        told = f"there is no folder `{path.parent}`"
    elif taken := next((one for one in files_of(path, form) if is_there(one)), None):
        replaceable = _is_replaceable(path, taken, form)
        if replaceable and replaces:
            return
        told = f"`{taken}` is there already"
        kind = "an ordinary file" if form.ending else "a folder of a SavedModel"
        help_ = "`--force` replaces it" if replaceable else f"only {kind} can be replaced"
    else:
        return
    raise Sink().fail_at("KG605", told, SourceLocation(override=f"--output {path}"), help=help_)


def _is_replaceable(path: Path, taken: Path, form: ExportFormat) -> bool:
    """Whether all that is in the place of a file is of the kind of the file."""
    if not form.ending:
        return is_folder(path) and not path.is_symlink() and is_regular(path / "saved_model.pb")
    return all(is_regular(one) or not is_there(one) for one in files_of(path, form))


def check_backend(form: ExportFormat, backend: str) -> None:
    """Refuses a backend that cannot write a format, or lacks a package for it.

    Raises:
        CompileError: KG651, it cannot; KG603, something is not installed.
    """
    place, sink = SourceLocation(override=f"--format {form.name}"), Sink()
    if backend not in form.packages:
        raise sink.fail_at(
            "KG651",
            f"`{form.name}` cannot be written with the backend `{backend}`",
            place,
            help=_other_ways(form, backend),
        )
    if backend not in installed_backends():
        told = f"the backend `{backend}` is not installed"
        raise sink.fail_at("KG603", told, place, help=f"pip install 'kerasgen[{backend}]'")
    for package in form.packages[backend]:
        if not is_installed(package):
            extra = f"kerasgen[{form.extra}]" if form.extra else package
            raise sink.fail_at(
                "KG603",
                f"`{form.name}` needs the package `{package}`",
                place,
                help=f"pip install '{extra}'",
            )


def refuse_export(form: ExportFormat, backend: str, reason: str) -> CompileError:
    """What is raised of a run that cannot be written in a format: KG651."""
    return Sink().fail_at(
        "KG651",
        f"the run cannot be exported as `{form.name}` with the backend `{backend}`: {reason}",
        SourceLocation(override=f"--format {form.name}"),
        help=_other_ways(form, backend),
    )


def _other_ways(form: ExportFormat, backend: str) -> str:
    """Which other backend can write a format, and which other formats a backend can write."""
    formats = [f"`{o.name}`" for o in export_formats().values() if backend in o.packages]
    rest = ", ".join(name for name in formats if name != f"`{form.name}`")
    others = [name for name in form.packages if name != backend]
    able = [name for name in others if name in installed_backends()] or others
    if not able:
        return f"export one of {rest}"
    ways = " or ".join(f"`--backend {name}`" for name in able)
    return f"add {ways}: the weights of a run are the same there; or export one of {rest}"
