"""The files of the tests go to the workers that have their backend."""

from types import SimpleNamespace
from typing import Any

import pytest
from shared_work import TENSORFLOW, TORCH, SharedByBackend, backend_of, backends_for

ON_TORCH = "tests/run/test_folds.py"
ON_TENSORFLOW = "tests/run/test_experiment.py"
ANYWHERE = ("tests/data/test_split.py", "tests/test_cli.py")


@pytest.mark.parametrize(
    ("file", "backends"),
    [(ON_TORCH, {TORCH}), (ON_TENSORFLOW, {TENSORFLOW})]
    + [(file, {TENSORFLOW, TORCH}) for file in ANYWHERE],
)
def test_a_file_has_the_same_backend_in_every_run(file: str, backends: set[str]) -> None:
    assert set(backends_for(file)) == backends


def test_every_second_worker_works_on_torch() -> None:
    assert [backend_of(f"gw{number}") for number in range(4)] == [TENSORFLOW, TORCH] * 2


class Worker:
    """Stands for a process of tests: keeps what it is given, and does it when it is told to."""

    def __init__(self, number: int) -> None:
        self.gateway = SimpleNamespace(id=f"gw{number}")
        self.given: list[int] = []
        self.shutting_down = False

    def send_runtest_some(self, indices: list[int]) -> None:
        self.given += indices

    def shutdown(self) -> None:
        self.shutting_down = True


def shared(files: list[str], workers: list[Worker]) -> dict[str, str]:
    """Lets workers do all files, of four tests each; gives each file with who did it."""
    tests = [f"{file}::test_{number}" for file in files for number in range(4)]
    spec = ["popen"] * len(workers)
    config: Any = SimpleNamespace(
        getvalue=lambda name: spec, option=SimpleNamespace(loadscopereorder=False)
    )
    scheduler: Any = SharedByBackend(config)
    for worker in workers:
        scheduler.add_node(worker)
        scheduler.add_node_collection(worker, tests)
    scheduler.schedule()
    done: dict[str, str] = {}
    while any(worker.given for worker in workers):
        for worker in workers:
            if worker.given:
                index = worker.given.pop(0)
                done[tests[index].split("::")[0]] = worker.gateway.id
                scheduler.mark_test_complete(worker, index)
    return done


def test_a_file_goes_to_a_worker_with_its_backend() -> None:
    files = [ON_TENSORFLOW, "tests/test_eject.py", ON_TORCH, "tests/verbs/test_predict.py"]
    done = shared([*files, *ANYWHERE], [Worker(0), Worker(1)])
    assert [done[file] for file in files] == ["gw0", "gw0", "gw1", "gw1"]
    assert sorted(done[file] for file in ANYWHERE) == ["gw0", "gw1"]


def test_no_file_is_left_where_no_worker_has_its_backend() -> None:
    assert set(shared([ON_TORCH, ON_TENSORFLOW], [Worker(0)])) == {ON_TORCH, ON_TENSORFLOW}
