"""What is made of long texts is kept from one run to the next."""

import numpy as np
import pytest

from kerasgen.data import array_cache, token_cache
from kerasgen.data.own_steps import fit_own
from kerasgen.data.token_cache import fit_kept, is_kept
from kerasgen.diagnostics import Sink
from kerasgen.ir.values import ObjectDef
from kerasgen.runtime.text_steps import Tokens

TEXTS = np.array(["a cat sat", "the cat ran", "", "a b c d e f", "the \u00e9t\u00e9"])


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of one's own, which keeps the shortest texts, too."""
    monkeypatch.setenv("KERASGEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv(array_cache.LIMIT_VARIABLE, raising=False)
    monkeypatch.setattr(token_cache, "LEAST", 0)
    return tmp_path / "cache" / "decoded"


@pytest.fixture
def worked(monkeypatch):
    """What the step was asked to do."""
    found = []
    adapt, call = Tokens.adapt, Tokens.__call__
    monkeypatch.setattr(Tokens, "adapt", lambda s, t: (found.append("adapt"), adapt(s, t))[1])
    monkeypatch.setattr(Tokens, "__call__", lambda s, t: (found.append("apply"), call(s, t))[1])
    return found


def _step(**arguments):
    return ObjectDef(cls="Tokens", arguments={"tokens": 6, "length": 4, **arguments})


def _made(step, training=TEXTS, texts=TEXTS, sink=None):
    fitted = fit_kept(step, {"text": training}, sink or Sink())
    return fitted.learned, fitted.apply({"text": texts})


def _plain(step, training=TEXTS, texts=TEXTS):
    fitted = fit_own(step, {"text": training})
    return fitted.learned, fitted.apply({"text": texts})


def _assert_same(one, other):
    assert one[0].keys() == other[0].keys()
    for name, array in one[0].items():
        assert array.tolist() == other[0][name].tolist()
        assert array.dtype == other[0][name].dtype
    assert one[1].dtype == other[1].dtype
    assert np.array_equal(one[1], other[1])


def _kept(cache):
    return [entry for entry in cache.iterdir() if not entry.name.startswith(".")]


def test_a_second_run_makes_nothing_and_has_the_same(worked, cache):
    wanted = _plain(_step())
    worked.clear()
    _assert_same(_made(_step()), wanted)
    assert worked == ["adapt", "apply"]
    _assert_same(_made(_step()), wanted)
    assert worked == ["adapt", "apply"]
    assert len(_kept(cache)) == 2


@pytest.mark.parametrize(
    ("step", "training", "texts"),
    [
        (_step(tokens=5), TEXTS, TEXTS),
        (_step(length=3), TEXTS, TEXTS),
        (_step(rare=2), TEXTS, TEXTS),
        (_step(), TEXTS[:3], TEXTS),
        (_step(), TEXTS, TEXTS[::-1]),
        (
            _step(),
            TEXTS,
            np.array(["a cat sa", "tthe cat ran", *TEXTS[2:].tolist()]),
        ),
    ],
)
def test_other_texts_and_arguments_make_others(step, training, texts):
    _made(_step())
    _assert_same(_made(step, training, texts), _plain(step, training, texts))


def test_a_written_vocabulary_is_not_learned(worked):
    step = _step(vocabulary=("cat", "the"))
    for _ in range(2):
        _assert_same(_made(step), _plain(step))
    assert "adapt" not in worked
    assert worked.count("apply") == 3  # once of the cache, twice without


def test_a_damaged_array_is_made_anew(cache):
    _made(_step())
    for entry in _kept(cache):
        (entry / "rows.npy").write_bytes(b"no array")
    _assert_same(_made(_step()), _plain(_step()))


def test_without_room_all_is_made_and_it_is_told(monkeypatch, cache):
    monkeypatch.setenv(array_cache.LIMIT_VARIABLE, "1e-9")
    sink = Sink()
    _assert_same(_made(_step(), sink=sink), _plain(_step()))
    assert {one.code for one in sink.diagnostics} == {"KG540"}
    assert sink.diagnostics[0].message.startswith("the tokens of texts are not kept: they take")
    assert _kept(cache) == []


def test_nothing_is_kept_where_the_limit_is_zero(monkeypatch, cache):
    monkeypatch.setenv(array_cache.LIMIT_VARIABLE, "0")
    sink = Sink()
    _assert_same(_made(_step(), sink=sink), _plain(_step()))
    assert sink.diagnostics == []
    assert _kept(cache) == []


def test_short_texts_and_other_steps_are_not_kept(monkeypatch):
    assert is_kept(_step(), {"text": TEXTS})
    assert not is_kept(ObjectDef(cls="Categories"), {"text": TEXTS})
    monkeypatch.setattr(token_cache, "LEAST", 40)
    assert not is_kept(_step(), {"text": TEXTS})  # 38 characters, in an array of more bytes
    assert is_kept(_step(), {"text": np.append(TEXTS, "xx")})
