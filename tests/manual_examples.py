"""What README and manual write: their pages, sections, blocks, files and command lines.

A block of code that begins with the comment `# my_conf/model/x.yaml` is that file. In a block of
text, `$ cat FILE` shows a file, and `$ kerasgen …` a command with what it prints; a line `...`
stands for lines that are left out, `…` at the end of a line for what is cut off.
"""

import argparse
import re
import shlex
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kerasgen.cli.commands import COMMANDS
from kerasgen.sweep.hydra.command_line import _parser as run_parser

ROOT = Path(__file__).resolve().parent.parent
MANUAL = ROOT / "kerasgen" / "manual"
PAGES: Mapping[str, str] = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", *sorted(MANUAL.rglob("*.md")))
}
"""Path below the project to text."""

_FENCED = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r"^(#+) (.+)$")
_FILE = re.compile(r"(?:# @.*\n)?# ([\w./-]+\.\w+)\n")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A block of code or text, and the section in which it stands."""

    page: str
    section: str
    language: str
    text: str

    @property
    def file(self) -> str | None:
        """The name of the file that it is, by its first comment."""
        found = _FILE.match(self.text)
        return found[1] if found and self.language in ("yaml", "toml", "python") else None

    @property
    def pieces(self) -> list[str]:
        """Each command of a block of text, with what it prints."""
        if self.language != "text":
            return []
        return re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]


@dataclass(frozen=True, kw_only=True)
class Example:
    """A command line, and what it prints there."""

    command: str
    words: tuple[str, ...]
    printed: str = ""
    block: Block | None = field(default=None, compare=False)

    @property
    def options(self) -> argparse.Namespace:
        """What the command makes of its words.

        Raises:
            SystemExit: it does not know a flag.
        """
        if self.command == "run":
            return run_parser().parse_intermixed_args(list(self.words))
        parser = argparse.ArgumentParser(allow_abbrev=False)
        COMMANDS[self.command].declare(parser)
        words = [f"--sort={w}" if "-test" in w else w for w in self.words if w != "--sort"]
        return parser.parse_intermixed_args(words)

    @property
    def codes(self) -> set[str]:
        """The codes of the errors and warnings that it prints."""
        return set(re.findall(r"^(?:error|warning)\[(KG\d+)\]", self.printed, re.MULTILINE))

    def __str__(self) -> str:
        return " ".join((self.command, *self.words))


def prose(text: str) -> str:
    """A page without its blocks."""
    return re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)


def sections(text: str) -> Iterator[tuple[str, str]]:
    """Title and text of each section of a page, up to the next title of whatever level."""
    title, lines, fenced = "", list[str](), False
    for line in text.splitlines(keepends=True):
        fenced ^= line.lstrip().startswith("```")
        found = None if fenced else _TITLE.match(line)
        if found is None:
            lines.append(line)
            continue
        yield title, "".join(lines)
        title, lines = found[2], []
    yield title, "".join(lines)


def blocks() -> Iterator[Block]:
    """Every block of every page."""
    for page, text in PAGES.items():
        for section, inside in sections(text):
            for _, language, content in _FENCED.findall(inside):
                text = textwrap.dedent(content)
                yield Block(page=page, section=section, language=language, text=text)


BLOCKS = tuple(blocks())


def example_of(line: str, printed: str = "", block: Block | None = None) -> Example | None:
    """The example that a line is, None for one that is no whole command of kerasgen."""
    if "…" in line or "<TAB>" in line:
        return None
    words = shlex.split(line, comments=True)
    if words[:2] == ["python", "run.py"]:
        words[:2] = ["kerasgen", "run"]
    if len(words) < 2 or words[0] != "kerasgen" or words[1] not in ("run", *COMMANDS):
        return None
    if words in (
        ["kerasgen", "import"],
        ["kerasgen", "predict"],
        ["kerasgen", "serve"],
        ["kerasgen", "export"],
        ["kerasgen", "init"],
        ["kerasgen", "evaluate"],
        ["kerasgen", "compare"],
        ["kerasgen", "delete"],
        ["kerasgen", "sweep", "status"],
        ["kerasgen", "plan"],
        ["kerasgen", "best"],
        ["kerasgen", "engines", "install"],
        ["kerasgen", "tag"],
        ["kerasgen", "resume"],
        ["kerasgen", "rerun"],
        ["kerasgen", "verify"],
        ["kerasgen", "parity"],
        ["kerasgen", "report"],
        ["kerasgen", "explain", "WORD"],
    ):  # a name in a sentence
        return None
    end = next((n for n, word in enumerate(words) if word in "<>"), len(words))
    return Example(command=words[1], words=tuple(words[2:end]), printed=printed, block=block)


def examples() -> Iterator[Example]:
    """Every command line: of blocks with what it prints, of blocks of `sh`, and in sentences."""
    for block in BLOCKS:
        lines = block.text.splitlines() if block.language == "sh" else []
        for line, printed in [(p.split("\n", 1)[0], p) for p in block.pieces] + [
            (line, "") for line in lines
        ]:
            if (found := example_of(line, printed, block)) is not None:
                yield found
    for text in PAGES.values():
        inline = " ".join(prose(text).split())
        for span in re.findall(r"`((?:kerasgen|python run\.py) [^`]+)`", inline):
            if (found := example_of(span)) is not None:
                yield found


def write_files(folder: Path, block: Block | None) -> None:
    """Writes the configs of all pages into a folder, then the files of a block's own section."""
    (folder / "outputs").mkdir()
    for other in BLOCKS:
        if other.file is not None and other.file.startswith("my_conf/"):
            _write(folder / other.file, other.text)
    for other in BLOCKS:
        if block is None or (other.page, other.section) != (block.page, block.section):
            continue
        if other.file is not None:
            _write(folder / other.file, other.text)
        for piece in other.pieces:
            line, _, content = piece.partition("\n")
            if line.startswith("cat "):
                _write(folder / line.removeprefix("cat "), content)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
