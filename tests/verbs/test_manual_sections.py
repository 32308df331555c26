"""Words of a user's, and the sections of the manual to which they lead."""

from pathlib import Path

import pytest

from kerasgen.verbs.manual_sections import (
    Section,
    find_sections,
    known_words,
    linked_pages,
    read_manual,
)


@pytest.fixture(scope="module")
def sections() -> tuple[Section, ...]:
    return read_manual()


@pytest.mark.parametrize(
    ("word", "title"),
    [
        ("KG701", "KG701: loss that expects something other than what the output gives"),
        ("kg701", "KG701: loss that expects something other than what the output gives"),
        ("softmax_alone", "KG702: softmax over a single score"),
        ("fit", "fit"),
        ("model", "model"),
        ("data", "data"),
        ("check", "kerasgen check"),
        ("kerasgen check", "kerasgen check"),
        ("exit-codes", "Exit codes and interruptions"),
        ("codes", "Codes"),
        ("csv", "Csv"),
        ("fit.epochs", "fit.epochs"),
        ("fit.epochs=3", "fit.epochs"),
        ("optimizer/learning_rate=cosine_decay", "optimizer.learning_rate"),
        ("+optimizer.weight_decay", "optimizer.ARGUMENT"),
        ("data.split.validation", "data.split.validation"),
        ("epochs", "fit.epochs"),
        ("seed", "seed"),
        ("model.layers.hidden1", "model.layers"),
        ("model.layers.hidden1.after", "model.layers.NAME.after"),
        ("model.layers.hidden1.units", "model.layers.NAME.ARGUMENT"),
        ("model.layers.tower.layers.dense.from", "model.layers.NAME.from"),
        ("fit.callbacks.stop.patience", "fit.callbacks.NAME"),
        ("data.facts.classes.digit", "data.facts.classes"),
        ("model=convnet", "model"),
        ("+experiment=book/mnist_mlp", "experiment"),
        ("model.layers[conv*].filters*=2", "Selectors"),
        ("~model.layers.tower[Dropout]", "Selectors"),
        ("hydra/launcher=basic", "Sweeps"),
        ("hydra.sweep.dir", "Sweeps"),
        ("history.csv", "The record of a run"),
    ],
)
def test_a_word_leads_to_its_section(word: str, title: str, sections: tuple[Section, ...]) -> None:
    assert [section.title for section in find_sections(word, sections)] == [title]


@pytest.mark.parametrize(
    "word", ["fit.epoch", "KG999", "epoch", "data.splits.test", "", ".", "a.b", "nope=3"]
)
def test_a_word_of_nothing_leads_nowhere(word: str, sections: tuple[Section, ...]) -> None:
    assert find_sections(word, sections) == ()


def test_a_part_of_several_keys_leads_to_all_of_them(sections: tuple[Section, ...]) -> None:
    found = [section.title for section in find_sections("shape", sections)]
    assert found == ["data.facts.shape", "model.inputs.NAME.shape"]


def test_a_section_has_those_below_it(tmp_path: Path) -> None:
    text = "# A\n\nof a\n\n## B\n\nof b\n\n```text\n# no title\n```\n\n### C\n\nof c\n\n## D\n"
    (tmp_path / "a.md").write_text(text, encoding="utf-8")
    found = {section.title: section.text for section in read_manual(tmp_path)}
    assert found["B"] == "of b\n\n```text\n# no title\n```\n\n### C\n\nof c"
    assert found["C"] == "of c"
    assert found["D"] == ""


def test_known_words_lead_to_sections_and_stand_once(sections: tuple[Section, ...]) -> None:
    words = known_words(sections)
    assert len(set(words)) == len(words) > 250
    assert [word for word in words if not find_sections(word, sections)] == []


def test_no_two_pages_have_one_word(sections: tuple[Section, ...]) -> None:
    words = [section.words[0] for section in sections if section.level == 1]
    assert sorted(set(words)) == sorted(words)


def test_links_to_other_pages_are_their_words(sections: tuple[Section, ...]) -> None:
    (overrides,) = find_sections("overrides", sections)
    assert linked_pages(overrides, sections) == ["repetition", "selectors", "sweeps"]
    linked = {word for section in sections for word in linked_pages(section, sections)}
    assert [word for word in linked if not find_sections(word, sections)] == []
