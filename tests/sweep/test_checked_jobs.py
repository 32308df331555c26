"""All jobs are checked before the first of them starts."""

from typing import Any


def test_a_broken_option_of_a_group_is_told_before_anything_starts(application: Any) -> None:
    done = application.run("-m", "optimizer=adam,sgd", "seed=range(2)", "optimizer.momentum=0.9")
    assert done.returncode == 2
    assert done.stderr.count("error[KG202]: `Adam` has no argument `momentum`") == 1
    told = "in 2 of 4 jobs: `optimizer=adam seed=0`, `optimizer=adam seed=1`; none was started"
    assert told in done.stderr
    assert application.left_behind() == []


def test_every_mistake_of_every_job_is_told_once(application: Any) -> None:
    done = application.run("-m", "optimizer=adam,sgd", "fit.epochs=two,3", "fit.verbose=9")
    assert done.returncode == 2
    assert done.stderr.count("error[KG204]: `epochs` is the string") == 1
    assert "in 2 of 4 jobs: `optimizer=adam fit.epochs=two`, " in done.stderr
    # What all of them have needs no list of jobs.
    assert "in 4 of 4" not in done.stderr
    assert application.left_behind() == []


def test_a_key_that_does_not_exist_is_told_once_whatever_its_values(application: Any) -> None:
    done = application.run("-m", "optimizer.learning_ratee=0.1,0.2,0.3")
    assert done.returncode == 2
    assert done.stderr.count("error[KG202]: `Adam` has no argument `learning_ratee`") == 1
    assert "none was started" not in done.stderr


def test_many_jobs_with_a_mistake_are_counted(application: Any) -> None:
    done = application.run("-m", "fit.batch_size=0,8", "seed=range(9)")
    assert done.returncode == 2
    assert "in 9 of 18 jobs: `fit.batch_size=0 seed=0`, " in done.stderr
    assert " and 6 more; none was started" in done.stderr


def test_a_seed_that_is_none_is_told_before_anything_starts(application: Any) -> None:
    done = application.run("-m", "seed=1,x")
    assert done.returncode == 2
    assert "`seed` is the string" in done.stderr
    assert application.left_behind() == []
