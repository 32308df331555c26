"""Passwords in texts: a mark stands for each, and for nothing else."""

import pytest

from kerasgen.foreign.passwords import (
    is_address_with_password,
    masked_tree,
    masking,
    without_passwords,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://ann:wordfish@host/base", "postgresql://ann:***@host/base"),
        (
            "data.source.path=postgresql:ann:wordfish@host",
            "data.source.path=postgresql:ann:***@host",
        ),
        ("`mysql:/ann:word/fish@host`", "`mysql:/ann:***@host`"),
        ("x='ann:wordfish@db.example.org:5432/base'", "x='ann:***@db.example.org:5432/base'"),
        ("ann:wordfish@localhost", "ann:***@localhost"),
        ("mssql://host/base?user=ann&password=wordfish", "mssql://host/base?user=ann&password=***"),
        ("see https://x.org/a?b=1&access_token=word#c", "see https://x.org/a?b=1&access_token=***"),
        ("https://s3.org/a?X-Amz-Signature=0f&b=1", "https://s3.org/a?X-Amz-Signature=***&b=1"),
        ("two redis://a:fish@h and redis://b:fish@h", "two redis://a:***@h and redis://b:***@h"),
    ],
)
def test_a_mark_stands_for_a_password(text: str, shown: str) -> None:
    assert without_passwords(text) == shown
    assert without_passwords(shown) == shown


def test_a_mark_stands_for_each_form_of_a_secret_word() -> None:
    masked = masking(["öpen sesame", 'a"b\\c', "abc", ""])
    for text in ("öpen sesame", "%C3%B6pen%20sesame", "%C3%B6pen+sesame", r"\u00f6pen sesame"):
        assert masked(f"<{text}> abc") == "<***> abc"
    assert masked(r'["a\"b\\c"]') == '["***"]'
    assert masked("mysql://ann:wordfish@h") == "mysql://ann:***@h"
    assert masking([]) is without_passwords


def test_texts_in_a_tree_are_masked_and_its_keys_stay() -> None:
    tree = {"secret": ["secret", 1, {"a": "no secret"}], "b": (None, 0.5)}
    masked = masking(["secret"])
    assert masked_tree(tree, masked) == {"secret": ["***", 1, {"a": "no ***"}], "b": [None, 0.5]}


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://ann@host:5432/base",
        "postgresql://host:5432/base@home",
        "units: a@b, 12:30@noon",
        "C:/data/a@b.csv",
        "write to ann@example.org: she knows",
        "layers[Dense].units=3",
        "https://example.org/a?q=b",
    ],
)
def test_other_texts_stay(text: str) -> None:
    assert without_passwords(text) == text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("postgresql:ann:wordfish@host", True),
        ("ann:wordfish@host/base", True),
        ("postgresql:/ann:wordfish@host", True),
        ("postgresql://ann:word/fish@host", True),
        ("postgresql://host:5432/base@home", False),
        ("runs/12:30@home.csv", False),
        ("C:/data/a@b.csv", False),
    ],
)
def test_a_mistyped_address_is_known_for_one(text: str, found: bool) -> None:
    assert is_address_with_password(text) is found


def test_a_long_text_of_a_stranger_is_looked_through_at_once() -> None:
    for sign in ("a", "a:", "a:b:", "a:/", "?token=", "://"):
        text = sign * 50_000 + " @"
        assert without_passwords(text).endswith(" @")
        assert not is_address_with_password(text)


@pytest.mark.parametrize(
    "text",
    [
        r"name=postgresql\://ann\:wordfish@host/base",
        r'"name=postgresql\\://ann\\:wordfish@host/base"',
        r"data.source.path=postgresql\:ann\:wordfish@host",
    ],
)
def test_an_override_as_hydra_escapes_it_is_masked(text: str) -> None:
    assert without_passwords(text) == text.replace("wordfish", "***")
