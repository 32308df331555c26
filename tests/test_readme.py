"""The README against the program: its links, codes, commands, flags and configs."""

import argparse
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from kerasgen.cli import _COMMANDS
from kerasgen.diagnostics import CODES, Severity
from kerasgen.frontend.compose.config_folders import ConfigPlace
from kerasgen.session import catalog as cataloging
from kerasgen.sweep.hydra.command_line import _parser as run_parser
from kerasgen.sweep.jobs import planned_jobs
from kerasgen.verbs.fast_check import check_fast

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^( *)```(\w+)\n(.*?)^ *```$", README, re.MULTILINE | re.DOTALL)
PROSE = re.sub(r"^ *```.*?^ *```$", "", README, flags=re.MULTILINE | re.DOTALL)

CHECKED = ("run", "check", "show", "eject")
"""The commands that take a config."""

NOT_WRITTEN = ("mine", "typo", "doubtful", "bad_block")
"""Models of which the README shows what is told of them, and not the file."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """A command line of the README, and what it prints there."""

    command: str
    words: tuple[str, ...]
    printed: str

    @property
    def options(self) -> argparse.Namespace:
        """What the command makes of its words.

        Raises:
            SystemExit: it does not know a flag.
        """
        if self.command == "run":
            return run_parser().parse_intermixed_args(list(self.words))
        parser = argparse.ArgumentParser(allow_abbrev=False)
        _COMMANDS[self.command].declare(parser)
        words = [f"--sort={w}" if "-test" in w else w for w in self.words if w != "--sort"]
        return parser.parse_intermixed_args(words)

    @property
    def codes(self) -> set[str]:
        """The codes of the errors and warnings that it prints."""
        return set(re.findall(r"^(?:error|warning)\[(KG\d+)\]", self.printed, re.MULTILINE))


def _example(line: str, printed: str = "") -> Example | None:
    if "…" in line or "<TAB>" in line:
        return None
    words = shlex.split(line, comments=True)
    if words[:2] == ["python", "run.py"]:
        words[:2] = ["kerasgen", "run"]
    if len(words) < 2 or words[0] != "kerasgen" or words[1] not in ("run", *_COMMANDS):
        return None
    if words == ["kerasgen", "import"]:  # The name of the command, in a sentence.
        return None
    end = words.index(">") if ">" in words else len(words)
    return Example(command=words[1], words=tuple(words[2:end]), printed=printed)


def _examples() -> Iterator[Example]:
    for _, language, text in BLOCKS:
        pieces = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:] if language == "text" else []
        lines = text.splitlines() if language == "sh" else []
        for line, printed in [(p.split("\n", 1)[0], p) for p in pieces] + [(n, "") for n in lines]:
            if (found := _example(line, printed)) is not None:
                yield found
    for span in re.findall(r"`((?:kerasgen|python run\.py) [^`]+)`", " ".join(PROSE.split())):
        if (found := _example(span)) is not None:
            yield found


EXAMPLES = list({(e.command, e.words): e for e in _examples()}.values())


def _id(example: Example) -> str:
    return " ".join((example.command, *example.words))


def _slug(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")


def test_every_link_of_the_readme_leads_somewhere() -> None:
    titles = re.findall(r"^#+ (.+)$", PROSE, re.MULTILINE)
    anchors = [*map(_slug, titles), *re.findall(r'<a id="([^"]+)"', PROSE)]
    assert len(set(anchors)) == len(anchors)
    links = re.findall(r"\]\(([^)]+)\)", re.sub(r"\s+", " ", PROSE))
    assert [k for k in links if k.startswith("#") and k[1:] not in anchors] == []
    files = [k for k in links if not k.startswith(("#", "http"))]
    assert [name for name in files if not (ROOT / name).exists()] == []


def test_the_readme_says_of_each_code_what_the_program_says() -> None:
    rows = re.findall(r"^\| (KG\d+) \| (?:warning: )?([^|]+?) \|", README, re.MULTILINE)
    assert {code: text.replace("`", "") for code, text in rows} == CODES
    assert len(rows) == len(CODES)
    assert set(re.findall(r"KG\d{3}", README)) <= CODES.keys()


def test_the_readme_names_every_room() -> None:
    table = README[README.index("| room | owns |") :].split("\n\n", 1)[0]
    named = [
        name for row in table.splitlines()[2:] for name in re.findall("`(.+?)`", row.split("|")[1])
    ]
    room = re.compile(r"([a-z][a-z_]*)(\.py)?")
    rooms = [
        found[1] for path in (ROOT / "kerasgen").iterdir() if (found := room.fullmatch(path.name))
    ]
    assert sorted(named) == sorted(rooms)


@pytest.mark.parametrize(
    ("group", "option"),
    [("backend", "tensorflow"), ("compile", "auto"), ("fit", "default"), ("tracking", "default")],
)
def test_the_readme_has_the_keys_and_defaults_of_a_group(group: str, option: str) -> None:
    section = README.split(f"\n### {group}\n", 1)[1].split("\n### ", 1)[0]
    rows = re.findall(
        r"^\| (`.+?) \| `(.+?)` \|", section.replace("the option", f"`{option}`"), re.MULTILINE
    )
    told = {
        key: yaml.safe_load(default)
        for keys, default in rows
        for key in re.findall("`(.+?)`", keys)
    }
    text = (ROOT / "conf" / group / f"{option}.yaml").read_text(encoding="utf-8")
    assert told == yaml.safe_load(text)


def test_the_readme_names_every_flag_of_the_commands() -> None:
    actions = []
    for command in _COMMANDS.values():
        parser = argparse.ArgumentParser(add_help=False)
        command.declare(parser)
        actions += parser._actions
    flags = [action.option_strings for action in actions if action.option_strings]
    assert [names for names in flags if not any(_is_named(name) for name in names)] == []


def _is_named(flag: str) -> bool:
    return re.search(rf"(?<![\w-]){flag}(?![\w-])", README) is not None


@pytest.mark.parametrize("example", EXAMPLES, ids=_id)
def test_the_readme_writes_commands_as_they_are(example: Example) -> None:
    assert example.options is not None


def test_the_readme_shows_shipped_configs_as_they_are() -> None:
    def lines(text: str) -> list[str]:
        return [line for line in text.splitlines() if not line.startswith("#")]

    shown = 0
    for _, language, text in BLOCKS:
        named = re.match(r"# (conf/\S+\.yaml)(, in part)?\n", text) if language == "yaml" else None
        if named is not None:
            written = lines((ROOT / named[1]).read_text(encoding="utf-8"))
            if named[2] is None:
                assert yaml.safe_load(text) == yaml.safe_load("\n".join(written)), named[1]
            values, whole = yaml.safe_load(text), yaml.safe_load("\n".join(written))
            assert _is_part(values, whole), named[1]
            shown += 1
    assert shown > 3


def _is_part(part: object, whole: object) -> bool:
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and _is_part(part[key], whole[key]) for key in part)
    return part == whole


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configs that the README writes, each under its name."""
    made = tmp_path_factory.mktemp("readme")
    for _, language, text in BLOCKS:
        named = (
            re.match(r"(?:# @.*\n)?# (my_conf/\S+\.yaml)\n", text) if language == "yaml" else None
        )
        if named is not None:
            (made / named[1]).parent.mkdir(parents=True, exist_ok=True)
            (made / named[1]).write_text(text, encoding="utf-8")
    keras_json = '{"backend": "jax", "floatx": "float32", "image_data_format": "channels_first"}'
    (made / "keras.json").write_text(keras_json, encoding="utf-8")
    return made


def _is_checked(example: Example) -> bool:
    if example.command not in CHECKED or any(
        f"model={name}" in _id(example) for name in NOT_WRITTEN
    ):
        return False
    # A trusted module needs its file and an engine; a look at a run needs the run.
    return not re.search(r"--trust|--all|--help|--cfg|outputs/|keras_json=~", _id(example))


@pytest.mark.parametrize("example", [e for e in EXAMPLES if _is_checked(e)], ids=_id)
def test_what_the_readme_writes_is_accepted(
    example: Example, folder: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    monkeypatch.chdir(folder)
    cataloging.engine_catalog()
    options = example.options
    place = ConfigPlace(config_dirs=tuple(options.config_dir or ()))
    jobs: Sequence[Sequence[str]] = [options.overrides]
    if getattr(options, "multirun", False):
        jobs = planned_jobs(options.overrides, place)[:1]
    for job in jobs:
        told = [d for d in check_fast(job, place).diagnostics if d.severity is Severity.ERROR]
        # Shapes and sizes are told by the whole check alone.
        assert {d.code for d in told} == {c for c in example.codes if c < "KG4"}
