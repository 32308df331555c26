"""Of long lists of cases every nth runs by default; the others are for `pytest -m slow`.

A function stands here whose cases start a process, train or compile each: all of them take minutes,
and what breaks one of them mostly breaks its neighbors too. Which ones run is the same in every
run: they are counted in their order.
"""

from collections import Counter

import pytest

EVERY = {
    "test_a_check_says_what_a_run_would": 2,
    "test_a_command_prints_what_is_shown": 2,
    "test_a_config_trains_what_its_script_and_plain_keras_train": 3,
    "test_a_documented_key_needs_no_plus_and_takes_one": 3,
    "test_a_random_model_comes_back_as_it_was": 2,
    "test_keras_trains_the_wrong_thing_and_raises_nothing": 3,
    "test_nothing_outlives_a_sweep_that_is_ended": 2,
    "test_the_script_of_a_division_trains_as_its_run_does": 3,
    "test_the_script_of_a_variant_trains_as_its_run_does": 3,
    "test_what_a_help_says_to_write_is_accepted": 2,
    "test_what_is_written_is_accepted": 2,
}
"""Function to the number of cases of which one runs by default."""


def leave_to_the_slow_suite(items: list[pytest.Item]) -> None:
    """Marks the cases that do not run by default."""
    counted: Counter[str] = Counter()
    for item in items:
        name = getattr(item, "originalname", None) or item.name
        every = EVERY.get(name)
        if every is None or item.get_closest_marker("slow") is not None:
            continue
        if counted[name] % every:
            item.add_marker(pytest.mark.slow)
        counted[name] += 1
