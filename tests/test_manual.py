"""README and manual against the program: links, codes, rules, keys, commands, flags and configs."""

import argparse
import ast
import dataclasses
import os
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from manual_examples import BLOCKS, MANUAL, PAGES, ROOT, Example, examples, prose, write_files
from test_manual_output import EXAMPLES as RUN

from kerasgen.cli.commands import COMMANDS
from kerasgen.diagnostics import CODES, Severity
from kerasgen.engines.choice import engine_for
from kerasgen.frontend import grammar
from kerasgen.frontend.compose.config_folders import ConfigPlace
from kerasgen.frontend.parse.lint import LINT_CODES
from kerasgen.ir.data import FACTS, SplitDef
from kerasgen.ir.program import BackendDef, CompileDef, FitDef, LintDef, TrackingDef
from kerasgen.passes.lint.arrays import ARRAY_RULES
from kerasgen.passes.lint.results import RESULT_RULES
from kerasgen.passes.lint.rules import RULES
from kerasgen.passes.lint.suspicious_columns import COLUMN_RULES
from kerasgen.session import catalog as cataloging
from kerasgen.sweep.jobs import planned_jobs
from kerasgen.verbs.fast_check import check_fast

README = PAGES["README.md"]
WHOLE = "\n".join(PAGES.values())
TITLES = {page: re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE) for page, text in PAGES.items()}

CHECKED = ("run", "check", "show", "eject")
"""The commands that take a config."""

EXAMPLES = list({(e.command, e.words): e for e in examples()}.values())


def _page(name: str) -> str:
    return PAGES[(MANUAL / name).relative_to(ROOT).as_posix()]


def _titles(folder: str) -> set[str]:
    below = (MANUAL / folder).relative_to(ROOT).as_posix()
    return {title for page, titles in TITLES.items() if page.startswith(below) for title in titles}


def _slug(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")


def test_the_readme_fits_on_a_few_screens() -> None:
    assert len(README.splitlines()) <= 350


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    anchors = {name: [_slug(title) for title in titles] for name, titles in TITLES.items()}
    assert len(set(anchors[page])) == len(anchors[page])
    lost = []
    for link in re.findall(r"\]\(([^)]+)\)", re.sub(r"\s+", " ", prose(PAGES[page]))):
        if link.startswith("http"):
            continue
        file, _, anchor = link.partition("#")
        target = Path(os.path.normpath((ROOT / page).parent / file)) if file else ROOT / page
        name = target.relative_to(ROOT).as_posix()
        if not target.exists() or (anchor and anchor not in anchors.get(name, ())):
            lost.append(link)
    assert lost == []


@pytest.mark.parametrize("start", ["README.md", "kerasgen/manual/index.md"])
def test_every_page_is_reached(start: str) -> None:
    reached, waiting = set(), [start]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        for link in re.findall(r"\]\(([^)#]+\.md)", prose(PAGES[page])):
            name = os.path.relpath(os.path.normpath((ROOT / page).parent / link), ROOT)
            if name in PAGES and name not in reached:
                waiting.append(name)
    assert {page for page in PAGES if page != "README.md"} - reached == set()


def test_every_code_has_a_section_with_an_example() -> None:
    told = {}
    for page, text in PAGES.items():
        if page.startswith("kerasgen/manual/codes/"):
            for section in re.split(r"^## (?=KG\d{3}: )", text, flags=re.MULTILINE)[1:]:
                title, _, body = section.partition("\n")
                code, _, meaning = title.partition(": ")
                assert code not in told
                told[code] = meaning
                assert re.search(rf"^(?:error|warning)\[{code}\]: ", body, re.MULTILINE), code
    assert told == CODES


def test_the_tables_list_every_code() -> None:
    rows = re.findall(
        r"^\| \[(KG\d+)\]\(\S+\) \| ([^|]+?) \|", _page("codes/index.md"), re.MULTILINE
    )
    assert {code: text.replace("`", "") for code, text in rows} == CODES
    rules = re.findall(r"^\| \[(KG\d+)\]", _page("topics/rules_of_lint.md"), re.MULTILINE)
    assert tuple(rules) == LINT_CODES
    assert set(re.findall(r"KG\d{3}", WHOLE)) <= CODES.keys()


def test_every_rule_of_lint_stands_at_its_code() -> None:
    told = {}
    for page, text in PAGES.items():
        if page.startswith("kerasgen/manual/codes/"):
            for code, rule in re.findall(
                r"^## (KG\d{3}): .+\n\nRule `(\w+)`\.$", text, re.MULTILINE
            ):
                told[rule] = code
    rules = [*RULES, *ARRAY_RULES, *COLUMN_RULES, *RESULT_RULES]
    codes = {rule.__name__: re.search(r"KG\d{3}", rule.__doc__ or "") for rule in rules}
    assert told.keys() == codes.keys()
    assert {rule: code for rule, code in told.items() if codes[rule]} == {
        rule: found[0] for rule, found in codes.items() if found
    }


def test_every_command_and_group_has_its_page() -> None:
    for command in ("run", *COMMANDS):
        assert TITLES[f"kerasgen/manual/commands/{command}.md"][0] == f"kerasgen {command}"
    for group in (*grammar.GROUPS, "experiment", "block", "lint"):
        assert TITLES[f"kerasgen/manual/groups/{group}.md"][0] == group


def _fields(record: type) -> list[str]:
    return [field.name for field in dataclasses.fields(record) if field.name != "path"]


ENTRY = {*grammar.ENTRY_KEYS, *grammar.USE_KEYS, *grammar.PLACING_KEYS, "class", "layers"}
KEYS = [
    *(f"backend.{key}" for key in (*_fields(BackendDef), "keras_json")),
    *(f"data.{key}" for key in grammar.DATA_KEYS),
    *(f"data.split.{key}" for key in _fields(SplitDef)),
    *(f"data.facts.{key}" for key in FACTS),
    *(f"model.{key}" for key in grammar.MODEL_KEYS),
    *(f"model.inputs.NAME.{key}" for key in grammar.INPUT_KEYS),
    *(f"model.layers.NAME.{key}" for key in sorted(ENTRY)),
    *(f"model.blocks.NAME.{key}" for key in grammar.BLOCK_KEYS),
    *(f"compile.{key}" for key in _fields(CompileDef)),
    *(f"fit.{key}" for key in _fields(FitDef)),
    *(f"tracking.{key}" for key in _fields(TrackingDef)),
    *(f"lint.{key}" for key in _fields(LintDef)),
]


def test_every_key_of_the_language_has_a_section() -> None:
    titles = _titles("groups")
    assert [key for key in KEYS if key not in titles] == []
    assert {"seed", "name", "selectors"} <= _titles("topics")


@pytest.mark.parametrize(
    ("group", "option"),
    [("backend", "tensorflow"), ("compile", "auto"), ("fit", "default"), ("tracking", "default")],
)
def test_a_group_has_its_keys_and_defaults(group: str, option: str) -> None:
    page = _page(f"groups/{group}.md").replace("the option", f"`{option}`")
    rows = re.findall(r"^\| (`.+?) \| `(.+?)` \|", page, re.MULTILINE)
    told = {
        key: yaml.safe_load(default)
        for keys, default in rows
        for key in re.findall("`(.+?)`", keys)
        if keys.count("`") % 2 == 0
    }
    text = (ROOT / "conf" / group / f"{option}.yaml").read_text(encoding="utf-8")
    known = yaml.safe_load(text)
    assert {key: value for key, value in told.items() if key in known} == known


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


def test_every_flag_of_the_commands_is_named() -> None:
    actions = []
    for command in COMMANDS.values():
        parser = argparse.ArgumentParser(add_help=False)
        command.declare(parser)
        actions += parser._actions
    flags = [action.option_strings for action in actions if action.option_strings]
    assert [names for names in flags if not any(_is_named(name) for name in names)] == []


def _is_named(flag: str) -> bool:
    return re.search(rf"(?<![\w-]){flag}(?![\w-])", WHOLE) is not None


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_commands_are_written_as_they_are(example: Example) -> None:
    assert example.options is not None


def test_blocks_of_code_can_be_read() -> None:
    readers = {"python": ast.parse, "toml": tomllib.loads, "yaml": yaml.safe_load}
    broken = []
    for block in BLOCKS:
        try:
            readers.get(block.language, str)(block.text)
        except (SyntaxError, tomllib.TOMLDecodeError, yaml.YAMLError):
            broken.append(block.section[:5])
    assert broken == ["KG101", "KG127"]


def test_shipped_configs_are_shown_as_they_are() -> None:
    def lines(text: str) -> str:
        return "\n".join(line for line in text.splitlines() if not line.startswith("#"))

    shown = 0
    for block in BLOCKS:
        named = re.match(r"# (conf/\S+\.yaml)(, in part)?\n", block.text)
        if named is not None and block.language == "yaml":
            whole = yaml.safe_load(lines((ROOT / named[1]).read_text(encoding="utf-8")))
            values = yaml.safe_load(block.text)
            assert _is_part(values, whole), named[1]
            assert named[2] is not None or values == whole, named[1]
            shown += 1
    assert shown > 3


def _is_part(part: object, whole: object) -> bool:
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and _is_part(part[key], whole[key]) for key in part)
    return part == whole


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configs that README and manual write, each under its name."""
    made = tmp_path_factory.mktemp("manual")
    write_files(made, None)
    keras_json = '{"backend": "jax", "floatx": "float32", "image_data_format": "channels_first"}'
    (made / "keras.json").write_text(keras_json, encoding="utf-8")
    return made


def _is_checked(example: Example) -> bool:
    if example.command not in CHECKED or example in RUN:
        return False
    # A trusted module needs its file and an engine; a look at a run needs the run.
    return not re.search(
        r"--trust|--all|--help|--cfg|outputs/|show last|keras_json=~", str(example)
    )


@pytest.mark.parametrize("example", [e for e in EXAMPLES if _is_checked(e)], ids=str)
def test_what_is_written_is_accepted(
    example: Example, folder: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    monkeypatch.chdir(folder)
    cataloging.engine_catalog(engine_for(engine))
    options = example.options
    place = ConfigPlace(config_dirs=tuple(options.config_dir or ()))
    jobs: Sequence[Sequence[str]] = [options.overrides]
    if getattr(options, "multirun", False):
        jobs = planned_jobs(options.overrides, place)[:1]
    for job in jobs:
        told = [d for d in check_fast(job, place).diagnostics if d.severity is Severity.ERROR]
        # Shapes and sizes are told by the whole check alone.
        assert {d.code for d in told} == {c for c in example.codes if c < "KG4"}
