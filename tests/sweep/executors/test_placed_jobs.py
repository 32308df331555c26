"""Jobs on a cluster with room for fewer than run at a time, with a stand-in for Ray."""

import types
from pathlib import Path
from typing import Any, cast

import kerasgen
from kerasgen.sweep.executors.ray import placed_jobs
from kerasgen.sweep.executors.ray.cluster import Cluster, JobResources
from kerasgen.sweep.executors.ray.node import NodeFacts, NodeReport
from kerasgen.sweep.executors.ray.placed_jobs import RayExecutor
from kerasgen.sweep.job_spec import JobSpec

ROOM = 2


class Method:
    def __init__(self, actor: "Actor", answer: object) -> None:
        self.actor, self.answer = actor, answer

    def remote(self, *_: object, **__: object) -> "Method":
        return self


class Actor:
    """An actor that answers once there is room for it."""

    def __init__(self, cluster: "StandIn") -> None:
        self.cluster, self.code = cluster, cast("int | None", None)

    def __getattr__(self, name: str) -> Method:
        if name == "close":
            self.cluster.closed.append(self)
        facts = NodeFacts(host="here", version=kerasgen.__version__, shared=True)
        return Method(self, {"look": facts, "watch": self}.get(name))


class StandIn:
    """Ray, as far as the executor asks it."""

    exceptions = types.SimpleNamespace(RayActorError=KeyError, RayTaskError=KeyError)

    def __init__(self) -> None:
        self.actors: list[Actor] = []
        self.closed: list[Actor] = []

    def remote(self, _: object) -> Any:
        return types.SimpleNamespace(options=lambda **_: types.SimpleNamespace(remote=self.made))

    def made(self, *_: object) -> Actor:
        self.actors.append(Actor(self))
        return self.actors[-1]

    def wait(self, asked: list[Method], timeout: float) -> tuple[list[Method], list[Method]]:
        ready = [each for each in asked if each.actor in self.actors[:ROOM]]
        return [each for each in ready if each.answer is not each.actor or each.actor.code == 0], []

    def get(self, asked: Method, timeout: float = 0) -> object:
        if asked.answer is not asked.actor:
            return asked.answer
        asked.actor.code = None
        return NodeReport(code=0, memory=0)

    def kill(self, actor: Actor) -> None:
        self.actors.remove(actor)


def test_a_job_that_waits_for_room_gets_that_of_one_that_has_ended(
    tmp_path: Path, monkeypatch: Any
) -> None:
    ray = StandIn()
    monkeypatch.setattr(placed_jobs, "NodeOrder", lambda **_: None)
    spec = types.SimpleNamespace(folder=tmp_path, to_json=lambda: b"")
    cluster = types.SimpleNamespace(ray=ray, nodes=list, close=lambda: None)
    executor = RayExecutor(
        lambda: cast("Cluster", cluster), JobResources(), tmp_path, lambda _: None
    )
    jobs = [executor.start(cast("JobSpec", spec), None, place) for place in range(ROOM + 1)]
    assert [job.poll() for job in jobs] == [None] * 3
    assert [job.waits for job in jobs] == [False, False, True]
    ray.actors[0].code = 0
    assert [job.poll() for job in jobs] == [0, None, None]
    jobs[0].let_go()
    assert jobs[2].poll() is None
    assert not jobs[2].waits
    later = executor.start(cast("JobSpec", spec), None, 0)
    assert later.poll() is None
    assert later.waits
    ray.actors[0].code = 0
    assert [job.poll() for job in (jobs[1], jobs[2], later)] == [None, 0, None]
    jobs[2].let_go()
    assert later.poll() is None
    assert not later.waits
    for actor in ray.actors[:ROOM]:
        actor.code = 0
    assert [job.poll() for job in (jobs[1], later)] == [0, 0]
    jobs[1].let_go()
    later.let_go()
    last = executor.start(cast("JobSpec", spec), None, 2)  # Its place has no room, others have.
    assert last.poll() is None
    assert not last.waits
    began = list(ray.actors)
    executor.close()
    assert ray.actors == []
    assert set(ray.closed) == set(began[:ROOM])  # The third would never answer.
