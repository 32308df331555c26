"""Which worker runs a test file, and on which backend.

A process has one backend of Keras. A small training costs 2.5 CPU seconds on TensorFlow, which
traces graphs, and 0.5 on PyTorch. So of several workers every second one works on PyTorch, and is
given the files that train much and say the same of every backend. Files that need no engine go to
whichever worker is free, all others to those on TensorFlow, so that a file has the same backend
in every run. Where `KERAS_BACKEND` is set, all work is done on that backend, by any worker; with
one process alone all of it is done on TensorFlow.

A worker is given a whole file at a time. One that is given a long file last works on alone, so
that the longest are given out first; all others follow in their usual order.
"""

from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

TENSORFLOW = "tensorflow"
TORCH = "torch"

LONG_FILES = (
    "test_experiment.py",
    "test_eject.py",
    "test_ejected_trainings.py",
    "test_cli.py",
    "test_process_launcher.py",
    "test_warm_launcher.py",
    "test_resumed_sweeps.py",
    "test_shipped.py",
    "test_coverage.py",
    "test_agreement_of_check.py",
    "test_command_line.py",
    "test_environment.py",
    "test_kept_training.py",
    "test_entry.py",
    "test_custom_parts.py",
    "test_resumption.py",
    "test_manual_output.py",
    "test_fuzz.py",
    "test_phased_training.py",
    "test_verify.py",
    "test_absurd_configs.py",
    "test_predict.py",
    "test_saved_model.py",
    "test_ejected_divisions.py",
    "test_helps_obeyed.py",
    "test_old_models.py",
    "test_layout.py",
    "test_label_forms.py",
    "test_fast_check.py",
    "test_failures.py",
    "test_feed.py",
    "test_known_ahead_run.py",
    "test_many_checks.py",
    "test_broken_configs.py",
    "test_lint.py",
    "test_freezing.py",
    "test_init.py",
    "test_rehearsal.py",
    "test_culprits.py",
    "test_document.py",
)
"""The files that take longest, the longest first."""

TORCH_FILES = (
    "test_schedules.py",
    "test_ejected_trainings.py",
    "test_ejected_divisions.py",
    "test_eject_files.py",
    "test_agreement_of_check.py",
    "test_label_forms.py",
    "test_predict.py",
    "test_predict_lists.py",
    "test_evaluate.py",
    "test_composed_experiment.py",
    "test_rerun.py",
    "test_run_secrets.py",
    "test_folds.py",
    "test_failures.py",
    "test_forecast_run.py",
    "test_known_ahead_run.py",
    "test_plots.py",
    "test_init.py",
    "test_stage_counts.py",
    "test_rehearsal.py",
    "test_kept_weights.py",
    "test_resumption.py",
    "test_phased_training.py",
    "test_training_extras.py",
    "test_averaged_metrics_resumed.py",
    "test_initial_weights.py",
    "test_divergence.py",
    "test_saved_model.py",
    "test_ignored_places.py",
    "test_export.py",
)
"""Files that train much, and whose statements are those of every backend."""

FREE_FILES = (
    "test_cli.py",
    "test_environment.py",
    "test_layout.py",
    "test_old_models.py",
    "test_many_checks.py",
    "test_fast_check.py",
    "test_verify.py",
)
"""Files whose work is done by processes of their own, which choose their backends themselves."""

FREE_FOLDERS = (
    "catalog",
    "cli",
    "data",
    "diagnostics",
    "emit",
    "foreign",
    "frontend",
    "ir",
    "process",
    "record",
    "sweep",
)
"""Folders whose tests need no engine, or one of which they say nothing."""


def backend_of(worker: str) -> str:
    """The backend of a worker, by its name: `gw0`, `gw1`, and so on."""
    return TORCH if int(worker.removeprefix("gw")) % 2 else TENSORFLOW


def backends_for(file: str) -> tuple[str, ...]:
    """The backends on which a test file may run, by its path below the root."""
    _, *folders, name = file.split("/")
    if name in TORCH_FILES:
        return (TORCH,)
    if name in FREE_FILES or (folders and folders[0] in FREE_FOLDERS):
        return (TENSORFLOW, TORCH)
    return (TENSORFLOW,)


class SharedByBackend(LoadFileScheduling):
    """Gives each worker the next file of its backend, and then those that any may run."""

    def _assign_work_unit(self, node: WorkerController) -> None:
        for file in sorted(self.workqueue, key=lambda file: len(backends_for(file))):
            if self._is_work_for(node, file):
                self.workqueue.move_to_end(file, last=False)
                super()._assign_work_unit(node)
                return
        node.shutdown()

    def _is_work_for(self, node: WorkerController, file: str) -> bool:
        """Whether a worker may take a file: it has its backend, or no worker that works has it."""
        wanted = backends_for(file)
        working = [one for one in self.nodes if one is node or not one.shutting_down]
        there = {backend_of(one.gateway.id) for one in working}
        return backend_of(node.gateway.id) in wanted or there.isdisjoint(wanted)
