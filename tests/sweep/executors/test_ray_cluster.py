import pytest

from kerasgen.sweep.executors.ray.cluster import ClusterError, JobResources, jobs_at_a_time

HEAD = {"CPU": 4.0, "memory": 16e9, "object_store_memory": 1e9, "node:10.0.0.1": 1.0}
CARDS = {**HEAD, "CPU": 16.0, "GPU": 2.0, "fast": 1.0}


@pytest.mark.parametrize(
    ("wanted", "jobs"),
    [
        (JobResources(), 20),
        (JobResources(cpus=3), 6),
        (JobResources(cpus=0.5), 40),
        (JobResources(gpus=1), 2),
        (JobResources(gpus=0.5), 4),
        (JobResources(gpus=0.1, cpus=0), 20),
        (JobResources(memory=int(6e9)), 4),
        (JobResources(custom={"fast": 1}), 1),
        (JobResources(cpus=0), 20),
    ],
)
def test_a_cluster_has_room_for_as_many_jobs_as_its_nodes(wanted: JobResources, jobs: int) -> None:
    assert jobs_at_a_time([HEAD, CARDS], wanted) == jobs


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [
        (JobResources(cpus=17), r"CPU 17"),
        (JobResources(gpus=3), r"CPU 1, GPU 3"),
        (JobResources(custom={"slow": 1}), r"CPU 1, slow 1"),
    ],
)
def test_what_no_node_has_is_told_with_what_there_is(wanted: JobResources, asked: str) -> None:
    with pytest.raises(
        ClusterError, match=rf"no node has what a job takes \({asked}\): a node has"
    ):
        jobs_at_a_time([HEAD, CARDS], wanted)


def test_a_cluster_without_a_node_is_told() -> None:
    with pytest.raises(ClusterError, match="no node is alive"):
        jobs_at_a_time([], JobResources())
