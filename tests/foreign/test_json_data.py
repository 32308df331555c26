import math

import pytest

from kerasgen.foreign.json_data import Bounds, parse_json
from kerasgen.foreign.regular_files import TOO_MUCH, ForeignFileError


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b'{"a": [1, 2.5, null, true, "x"]}', {"a": [1, 2.5, None, True, "x"]}),
        (b"\xef\xbb\xbf{}", {}),
        ('{"a": 1}'.encode("utf-16"), {"a": 1}),
        (b"1e999", math.inf),
        (b'",[{:,,,,,,,,,,,,,"', ",[{:,,,,,,,,,,,,,"),
    ],
)
def test_json_is_read_as_plain_data(content, value):
    assert parse_json(content, Bounds(values=10)) == value


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"[" * 100_000, TOO_MUCH),
        (b'{"a":' * 70 + b"1" + b"}" * 70, TOO_MUCH),
        (b"[" + b"[]," * 2_000_000 + b"1]", TOO_MUCH),
        (b"1" * 5_000, TOO_MUCH),
        (b"0." + b"1" * 5_000, TOO_MUCH),
        (b'{"a": 1, "a": 2}', None),
        (b'"\xff"', None),
        (b"", None),
        (b"\0", None),
        (b"{} {}", None),
        (b"{'a': 1}", None),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_no_json_or_too_much_is_refused(content, code):
    with pytest.raises(ForeignFileError) as caught:
        parse_json(content)
    assert caught.value.code == code
    assert caught.value.reason


def test_a_mistake_has_its_place():
    with pytest.raises(ForeignFileError, match="is not JSON: expecting value") as caught:
        parse_json(b'{\n  "a": ,\n}')
    assert (caught.value.line, caught.value.column) == (2, 8)
