import math

import pytest

from kerasgen.foreign.regular_files import TOO_MUCH, ForeignFileError
from kerasgen.foreign.yaml_data import parse_yaml

ALIASES = b"a0: &a0 [x, x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 12)
)


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"a: {b: [1, 2.5, null, true, x]}", {"a": {"b": [1, 2.5, None, True, "x"]}}),
        (b"a: '1'\nb: !!str 1", {"a": "1", "b": "1"}),
        (b"a: 2001-01-01\nb: =", {"a": "2001-01-01", "b": "="}),
        (b"a: .inf\n0: 1", {"a": math.inf, 0: 1}),
        (b"\xef\xbb\xbfa: 1", {"a": 1}),
        (b"", None),
    ],
)
def test_yaml_is_read_as_plain_data(content, value):
    assert parse_yaml(content) == value


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (ALIASES, TOO_MUCH, 2),
        (b"a: &a [*a]", TOO_MUCH, 1),
        (b"[" * 100_000, TOO_MUCH, None),
        (b"- " * 1_000 + b"a", TOO_MUCH, 1),
        (b"[" + b"1," * 300_000 + b"]", TOO_MUCH, 1),
        (b"a:\n  b: " + b"1" * 5_000, TOO_MUCH, 2),
        (b'a: 1\nb: !!int ""', None, 2),
        (b"a: !!float x", None, 1),
        (b"a: 2001-99-99", None, 1),
        (b"a: !!timestamp noon", None, 1),
        (b"a: !!bool '1'", None, 1),
        (b"a: !!python/object/apply:os.getcwd []", None, 1),
        (b"a: !!python/name:os.system", None, 1),
        (b"a: !!binary aGFsbG8=", None, 1),
        (b"!!set {a, b}", None, 1),
        (b"!!map 1", None, 1),
        (b"<<: {a: 1}", None, 1),
        (b"[a]: 1", None, 1),
        (b"a: 1\na: 2", None, 2),
        (b"a: 1\n---\nb: 2", None, 2),
        (b"a: 'b", None, 1),
        (b"a: \0", None, None),
        (b"a: \xff", None, 1),
        ("a: 1".encode("utf-16"), None, 1),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_no_plain_yaml_or_too_much_is_refused_at_its_line(content, code, line):
    with pytest.raises(ForeignFileError) as caught:
        parse_yaml(content)
    assert (caught.value.code, caught.value.line) == (code, line)
