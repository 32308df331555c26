"""The test files that take longest, the longest first.

A worker is given a whole file at a time. One that is given a long file last works on alone, so
that these are given out first; all others follow in their usual order.
"""

LONG_FILES = (
    "test_experiment.py",
    "test_ejected_trainings.py",
    "test_eject.py",
    "test_shipped.py",
    "test_agreement_of_check.py",
    "test_label_forms.py",
    "test_process_launcher.py",
    "test_predict.py",
    "test_command_line.py",
    "test_environment.py",
    "test_coverage.py",
    "test_layout.py",
    "test_ejected_divisions.py",
    "test_cli.py",
    "test_old_models.py",
    "test_fast_check.py",
    "test_absurd_configs.py",
    "test_folds.py",
    "test_feed.py",
    "test_helps_obeyed.py",
    "test_broken_configs.py",
    "test_many_checks.py",
    "test_init.py",
    "test_known_ahead_run.py",
    "test_forecast_run.py",
    "test_stage_counts.py",
    "test_failures.py",
    "test_lint.py",
    "test_freezing.py",
    "test_evaluate.py",
)
