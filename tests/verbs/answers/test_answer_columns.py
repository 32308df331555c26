"""What is asked of classes has a meaning where a model has some."""

from types import SimpleNamespace

import pytest

from kerasgen.verbs.answers.answer_columns import without_meaning


def _outputs(*tasks):
    shapes = {"places": (None, 8, 8, 3)}
    return [
        SimpleNamespace(
            task="classification" if task == "places" else task,
            spec=SimpleNamespace(shape=shapes.get(task, (None, 3))),
        )
        for task in tasks
    ]


@pytest.mark.parametrize(
    ("tasks", "asked", "word"),
    [
        (["regression"], {"top": 3}, "top"),
        (["regression"], {"scores": True}, "scores"),
        (["forecasting"], {"top": 2}, "top"),
        (["forecasting"], {"scores": True}, "scores"),
        (["forecasting"], {"bad": "column"}, "bad"),
        (["autoencoding"], {"scores": True}, "scores"),
        (["multilabel"], {"top": 3}, "top"),
        (["places"], {"top": 3}, "top"),
        (["places"], {"scores": True}, "scores"),
    ],
)
def test_what_a_model_has_no_answer_for_is_told(tasks, asked, word):
    found = without_meaning(_outputs(*tasks), **{"top": 1, "scores": False, "bad": None} | asked)
    assert found is not None
    assert found[0] == word


@pytest.mark.parametrize(
    ("tasks", "asked"),
    [
        (["classification"], {"top": 3, "scores": True, "bad": "column"}),
        (["regression", "classification"], {"top": 3, "scores": True}),
        (["multilabel"], {"scores": True}),
        (["regression"], {"bad": "column"}),
        (["forecasting"], {"bad": "skip"}),
    ],
)
def test_what_one_of_the_outputs_has_an_answer_for_may_be_asked(tasks, asked):
    assert (
        without_meaning(_outputs(*tasks), **{"top": 1, "scores": False, "bad": None} | asked)
        is None
    )
