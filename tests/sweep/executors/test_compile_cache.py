import os
from pathlib import Path
from typing import Any

import pytest

from kerasgen.sweep.executors import compile_cache
from kerasgen.sweep.executors.compile_cache import offer_cache


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KERASGEN_CACHE", str(tmp_path))
    monkeypatch.setattr(compile_cache, "_MOST", 1_000)
    (tmp_path / "jax").mkdir()
    return tmp_path / "jax"


def test_the_oldest_files_of_a_full_cache_go(cache: Path) -> None:
    for number in range(5):
        (cache / str(number)).write_bytes(bytes(400))
        os.utime(cache / str(number), (number, number))
    offer_cache({})
    assert sorted(file.name for file in cache.iterdir() if file.stat().st_size) == ["3", "4"]


def test_a_cache_is_looked_through_once_in_a_while(cache: Path) -> None:
    offer_cache({})
    (cache / "new").write_bytes(bytes(4_000))
    offer_cache({})
    assert (cache / "new").exists()
    (looked,) = (file for file in cache.iterdir() if file.name != "new")
    os.utime(looked, (0, 0))
    offer_cache({})
    assert not (cache / "new").exists()


def test_where_compiled_programs_are_kept_is_the_users_to_say(cache: Path) -> None:
    variables = {"JAX_COMPILATION_CACHE_DIR": "/mine"}
    offer_cache(variables)
    assert variables == {"JAX_COMPILATION_CACHE_DIR": "/mine"}


@pytest.mark.slow
def test_jobs_that_start_by_themselves_have_the_cache(application: Any) -> None:
    module = application.folder.parent / "stand_in" / "sitecustomize.py"
    asked = 'print("cache", os.environ.get("JAX_COMPILATION_CACHE_DIR"), flush=True)'
    asked += '\n    if name == "kill"'
    module.write_text(module.read_text().replace('if name == "kill"', asked, 1))
    environment = {**application.environment, "KERASGEN_CACHE": str(application.folder / "kept")}
    environment.pop("JAX_COMPILATION_CACHE_DIR", None)
    object.__setattr__(application, "environment", environment)
    done = application.run("-m", "backend=jax,torch", "hydra.sweep.dir=s")
    assert done.returncode == 0, done.stderr
    kept = application.folder / "kept" / "jax"
    told = [line for line in done.stdout.splitlines() if line.startswith("cache")]
    assert told == [f"cache {kept}", "cache None"]
