"""The fingerprint of data, and what the record says of it."""

import hashlib
import json
import struct

import numpy as np
import pytest

from kerasgen.data.description import fingerprint

ROWS_0_TO_2 = hashlib.sha256(struct.pack("<3q", 0, 1, 2)).hexdigest()


def test_the_fingerprint_of_known_data_is_known(open_text):
    opened = open_text(
        "{source: {class: ScikitLearn, name: digits}, features: image, target: label, "
        "task: classification}"
    )
    assert opened.fingerprint == (
        "sha256:e6ce35484ac69165672986dc7636d4fb6771280c3a884ec715bcabb278b996fb"
    )


def test_equal_data_has_one_fingerprint_whatever_its_memory_looks_like():
    plain = np.arange(12, dtype="<f4").reshape(3, 4)
    twins = [plain.astype(">f4"), np.asfortranarray(plain), np.repeat(plain, 2, axis=0)[::2]]
    assert {fingerprint({"x": array}, {}, None) for array in [plain, *twins]} == {
        fingerprint({"x": plain}, {}, None)
    }


def test_the_order_of_the_columns_does_not_count():
    x, y = np.arange(3), np.ones(3)
    assert fingerprint({"x": x, "y": y}, {}, None) == fingerprint({"y": y, "x": x}, {}, None)


def test_the_width_of_text_does_not_count():
    narrow, wide = np.array(["a", "b"]), np.array(["a", "b"], dtype="<U40")
    assert fingerprint({"x": narrow}, {}, None) == fingerprint({"x": wide}, {}, None)


@pytest.mark.parametrize("kinds", [5, 9_000])
def test_words_count_with_their_lengths_one_after_the_other(kinds):
    random = np.random.default_rng(0)
    words = [f"{'ä' * (n % 4)}{n}" for n in random.integers(0, kinds, 70_000).tolist()] + [""]
    written = [word.encode() for word in ["x", f"text ({len(words)},)", *words]]
    expected = hashlib.sha256(b"".join(b"%d:%s" % (len(word), word) for word in written))
    assert fingerprint({"x": np.array(words)}, {}, None) == f"sha256:{expected.hexdigest()}"


@pytest.mark.parametrize(
    "other",
    [
        ({"x": np.array([0, 1, 3])}, {}, None),
        ({"z": np.array([0, 1, 2])}, {}, None),
        ({"x": np.array([0, 1, 2], dtype="int32")}, {}, None),
        ({"x": np.array([[0], [1], [2]])}, {}, None),
        ({"x": np.array([0, 1, 2])}, {"x": ("a", "b", "c")}, None),
        ({"x": np.array([0, 1, 2])}, {}, np.array([0, 0, 2], dtype="int8")),
        ({"x": np.array(["0", "1", "2"])}, {}, None),
    ],
)
def test_every_difference_changes_the_fingerprint(other):
    assert fingerprint({"x": np.array([0, 1, 2])}, {}, None) != fingerprint(*other)


def test_the_description_is_plain_data_with_counts_and_ranges(open_text, table):
    opened = open_text(
        table(
            x_train=[[1.0, 5.0], [2.0, 4.0]],
            x_test=[[0.5, 3.0]],
            y_train=["no", "yes"],
            y_test=["no"],
        )
    )
    described = json.loads(json.dumps(opened.description))
    path = described["source"].pop("path")
    assert path.endswith("arrays.npz")
    assert described == {
        "source": {"class": "Arrays"},
        "samples": 3,
        "given": {"training": 2, "validation": 0, "test": 1},
        "columns": {
            "x": {"dtype": "float64", "shape": [2], "min": 0.5, "max": 5.0},
            "y": {"dtype": "int64", "shape": [], "min": 0, "max": 1},
        },
        "classes": {"y": {"no": 2, "yes": 1}},
        "labels_mapped": {"y": ["no", "yes"]},
        "fingerprint": opened.fingerprint,
        "parts": {"training": {"samples": 3, "rows": f"sha256:{ROWS_0_TO_2}"}},
    }
