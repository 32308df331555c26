import json
import math
from typing import Any

import numpy as np
import pytest

VALUES = [
    None,
    True,
    3,
    0.1,
    "word",
    math.inf,
    [1, [2.5, "a"]],
    (1, ("b", None)),
    {"a": 1, 2: (3.5,)},
    {"#tuple": [1]},
    b"\x00\xff",
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_plain_value_comes_back_from_json(engine: str, value: object) -> None:
    from kerasgen.engines.keras3.encoded_values import decoded, encoded

    arrays: dict[str, Any] = {}
    form = json.loads(json.dumps(encoded(value, arrays), allow_nan=False))
    found = decoded(form, arrays)
    assert found == value
    assert type(found) is type(value)


def test_nan_comes_back(engine: str) -> None:
    from kerasgen.engines.keras3.encoded_values import decoded, encoded

    assert math.isnan(decoded(encoded(math.nan, {}), {}))


@pytest.mark.parametrize("kind", ["float32", "float64", "int64", "uint8", "bool", "bfloat16"])
def test_an_array_comes_back_with_its_kind(engine: str, kind: str) -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    from kerasgen.engines.keras3.encoded_values import decoded, encoded

    dtype = np.dtype(ml_dtypes.bfloat16 if kind == "bfloat16" else kind)
    value = np.array([[0, 1], [1, 0]]).astype(dtype)
    arrays: dict[str, Any] = {}
    found = decoded(json.loads(json.dumps(encoded([value], arrays))), arrays)[0]
    assert found.dtype == value.dtype
    assert found.tobytes() == value.tobytes()
    assert all(array.dtype.kind in "biuf" for array in arrays.values())


def test_a_number_of_numpy_stays_one(engine: str) -> None:
    from kerasgen.engines.keras3.encoded_values import decoded, encoded

    arrays: dict[str, Any] = {}
    found = decoded(encoded(np.float32(0.1), arrays), arrays)
    assert type(found) is np.float32
    assert found == np.float32(0.1)


def test_a_tensor_becomes_an_array(engine: str) -> None:
    import keras

    from kerasgen.engines.keras3.encoded_values import decoded, encoded

    arrays: dict[str, Any] = {}
    tensor = keras.ops.convert_to_tensor(np.arange(3.0, dtype="float32"))
    assert decoded(encoded(tensor, arrays), arrays).tolist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize(
    "value",
    [object(), {1, 2}, [len], np.array([object()])],
    ids=["object", "set", "function", "objects"],
)
def test_what_has_no_form_is_refused(engine: str, value: object) -> None:
    from kerasgen.engines.keras3.encoded_values import NoFormError, encoded

    with pytest.raises(NoFormError, match="cannot be kept"):
        encoded(value, {})


@pytest.mark.parametrize(
    "form", [{"#python": "os"}, {"#tuple": [], "#map": []}, {"a": 1}], ids=repr
)
def test_a_form_of_a_stranger_is_refused(engine: str, form: object) -> None:
    from kerasgen.engines.keras3.encoded_values import decoded

    with pytest.raises(ValueError, match="a form with"):
        decoded(form, {})
