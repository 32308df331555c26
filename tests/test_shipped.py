"""Every shipped config compiles, and every shipped experiment trains for a few steps."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from kerasgen.frontend.compose.composition import compose
from kerasgen.frontend.compose.config_folders import config_folder
from kerasgen.frontend.grammar import VALUE_GROUPS
from kerasgen.passes.compiled import CompiledProgram
from kerasgen.process.exit_codes import DONE
from kerasgen.record.read import read_history
from kerasgen.run.experiment import run_experiment
from kerasgen.verbs.check import check_config

Realize = Callable[[CompiledProgram], Any]

ROOT = Path(__file__).resolve().parent.parent
DATASETS = ROOT.parent / "shared" / "datasets"
CONF = config_folder()


def options(group: str) -> list[str]:
    folder = CONF / group
    found = (p.relative_to(folder).with_suffix("").as_posix() for p in folder.rglob("*.yaml"))
    inner = [place.removeprefix(f"{group}/") for place in VALUE_GROUPS]
    return sorted(name for name in found if name.rpartition("/")[0] not in inner)


EXPERIMENTS = options("experiment")


def small_images(folder: Path) -> str:
    """CIFAR's layout with random images: 10 classes, some for training and some for the test."""
    from PIL import Image

    random = np.random.default_rng(0)
    for part, count in (("train", 12), ("test", 3)):
        for label in range(10):
            place = folder / part / f"class{label}"
            place.mkdir(parents=True)
            for number in range(count):
                pixels = random.integers(0, 256, (32, 32, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(place / f"{number:04}.jpg")
    return str(folder)


def small_mnist(folder: Path) -> str:
    """MNIST's file with scikit-learn's digits, painted larger."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.kron(digits.images, np.ones((1, 3, 3)))
    images = np.pad(images * 15, ((0, 0), (2, 2), (2, 2))).astype("uint8")
    path = folder / "mnist.npz"
    np.savez(
        path,
        x_train=images[:300],
        y_train=digits.target[:300].astype("uint8"),
        x_test=images[300:400],
        y_test=digits.target[300:400].astype("uint8"),
    )
    return str(path)


def small_penguins(folder: Path) -> str:
    random = np.random.default_rng(0)
    lines = ["species,island,bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g,sex"]
    for index, species in enumerate(("Adelie", "Chinstrap", "Gentoo")):
        for _ in range(20):
            numbers = random.normal([38 + 5 * index, 18, 190 + 10 * index, 3700], 1).round(1)
            lines.append(f"{species},Dream,{','.join(map(str, numbers))},MALE")
    lines.append("Adelie,Torgersen,NA,NA,NA,NA,NA")
    path = folder / "penguins.csv"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def small_diabetes(folder: Path) -> str:
    random = np.random.default_rng(0)
    rows = random.normal(size=(80, 8)).round(3)
    path = folder / "pima.csv"
    text = (",".join(map(str, [*row, int(row[0] > 0)])) for row in rows)
    path.write_text("\n".join(text) + "\n")
    return str(path)


def small_adult(folder: Path) -> str:
    """Both files of Adult with random people; the test file lies beside the other."""
    random = np.random.default_rng(0)
    for name, end in (("adult.csv", ""), ("adult-test.csv", ".")):
        lines = []
        for _ in range(60):
            age, years, hours, gain, loss = random.integers(20, 60, 5)
            words = [random.choice([f"{kind}1", f"{kind}2"]) for kind in "wemorsx"]
            country = random.choice(["Cuba", "?"])
            income = ">50K" if age > 40 else "<=50K"
            cells = [age, words[0], 1, words[1], years, *words[2:], gain, loss, hours]
            cells += [country, income]
            lines.append(", ".join(map(str, cells)) + end)
        (folder / name).write_text("\n".join(lines) + "\n\n")
    return str(folder / "adult.csv")


def small_sms(folder: Path) -> str:
    random = np.random.default_rng(0)
    lines = []
    for number in range(150):
        label = "spam" if number % 5 == 0 else "ham"
        word = "free" if label == "spam" else random.choice(["home", "lunch"])
        lines.append(f'{label}\tthe {word} number {number} "now')
    path = folder / "sms.tsv"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def small_diamonds(folder: Path) -> str:
    random = np.random.default_rng(0)
    lines = ["carat,cut,color,clarity,depth,table,price,x,y,z"]
    for _ in range(80):
        carat = round(random.uniform(0.2, 2), 2)
        words = [random.choice(some) for some in (["Fair", "Ideal"], ["E", "J"], ["I1", "IF"])]
        sizes = ",".join(f"{size:.3f}" for size in random.uniform(2, 6, 3))
        table = random.integers(50, 60)
        lines.append(f"{carat},{','.join(words)},61.{table},{table},{int(carat * 4000)},{sizes}")
    path = folder / "diamonds.csv"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def small_airline(folder: Path) -> str:
    """Ten years of months that grow and repeat themselves."""
    months = np.datetime64("1950-01", "M") + np.arange(120)
    passengers = (100 + np.arange(120)) * (1 + 0.2 * np.sin(np.arange(120) * np.pi / 6))
    lines = [f'"{month}",{count:.0f}' for month, count in zip(months, passengers, strict=True)]
    path = folder / "airline.csv"
    path.write_text("\n".join(['"Month","Passengers"', *lines]) + "\n")
    return str(path)


def small_temperatures(folder: Path) -> str:
    """Four years of days, of which the last three are not for training."""
    days = np.datetime64("1981-01-01") + np.arange(1461)
    cold = 11 + 4 * np.cos(np.arange(1461) * 2 * np.pi / 365)
    lines = [f'"{day}",{degrees:.1f}' for day, degrees in zip(days, cold, strict=True)]
    path = folder / "temperatures.csv"
    path.write_text("\n".join(['"Date","Temp"', *lines]) + "\n")
    return str(path)


SMALL: dict[str, Callable[[Path], str]] = {
    "book/cifar10_mlp": small_images,
    "book/mnist_mlp": small_mnist,
    "mnist_convnet": small_mnist,
    "cifar10_resnet": small_images,
    "cifar10_augmented": small_images,
    "penguins": small_penguins,
    "diabetes": small_diabetes,
    "adult": small_adult,
    "sms": small_sms,
    "diamonds": small_diamonds,
    "airline_passengers": small_airline,
    "minimum_temperatures": small_temperatures,
}
"""Experiments whose data is not embedded, with what stands in for it."""

LEFT = {"adult", "sms", "diamonds", "airline_passengers", "minimum_temperatures"}
"""Experiments that leave it to their data what the columns are: without it, nothing is compiled."""

REAL = {
    "penguins": "penguins.csv",
    "diabetes": "pima-indians-diabetes.csv",
    "mnist_convnet": "mnist.npz",
    "book/mnist_mlp": "mnist.npz",
    "adult": "adult-train.csv",
    "sms": "sms.tsv",
    "diamonds": "diamonds.csv",
    "airline_passengers": "airline-passengers.csv",
    "minimum_temperatures": "daily-min-temperatures.csv",
}

REAL_ONES = ("adult", "airline_passengers", "book/mnist_mlp", "diabetes", "sms")
"""One of each kind of data: columns of words, a series, numbers, images, texts."""


def files_of(experiment: str, path: Path | str) -> list[str]:
    """The overrides that say where the data of an experiment lies."""
    test = str(path).replace("-train.csv", "-test.csv").replace("adult.csv", "adult-test.csv")
    return [f"data.source.path='{path}'"] + (
        [f"data.source.test_path='{test}'"] if experiment == "adult" else []
    )


def small(experiment: str, folder: Path) -> list[str]:
    """The overrides for what stands in for the data of an experiment; none where it is embedded."""
    if experiment not in SMALL:
        return []
    place = folder / "data"
    place.mkdir()
    found = files_of(experiment, SMALL[experiment](place))
    return found if experiment in LEFT else [*found, "~data.facts.samples"]


def test_the_chosen_experiments_are_there() -> None:
    assert set(EXPERIMENTS) >= {
        "book/cifar10_mlp",
        "book/mnist_mlp",
        "mnist_convnet",
        "cifar10_resnet",
        "digits_two_inputs",
        "penguins",
        "diabetes",
        "autoencoder",
    }


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_an_experiment_says_its_command(experiment: str) -> None:
    lines = (CONF / "experiment" / f"{experiment}.yaml").read_text().splitlines()
    assert lines[0] == "# @package _global_"
    assert lines[1].startswith("# yaml-language-server: $schema=")
    assert lines[2].startswith(f"# python run.py experiment={experiment}")


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_an_experiment_compiles_without_its_data(
    realize: Realize, tmp_path: Path, experiment: str
) -> None:
    files = small(experiment, tmp_path) if experiment in LEFT else []
    outcome = check_config([f"experiment={experiment}", *files], open_data=bool(files))
    few_rows = {"KG743", "KG750", "KG767", "KG770"} if files else set()
    assert {found.code for found in outcome.diagnostics} <= few_rows
    assert outcome.compiled is not None
    assert realize(outcome.compiled).count_params() == outcome.compiled.cost.parameters


@pytest.mark.parametrize(
    "experiment",
    [
        name if name in REAL_ONES else pytest.param(name, marks=pytest.mark.slow)
        for name in sorted(REAL)
    ],
)
def test_an_experiment_trains_on_its_real_data(
    engine: str, tmp_path: Path, experiment: str
) -> None:
    data = DATASETS / REAL[experiment]
    if not data.exists():
        pytest.skip(f"{data.name} is not there")
    overrides = [f"backend={engine}", f"experiment={experiment}", "fit.epochs=1"]
    overrides += files_of(experiment, data)
    overrides += ["fit.steps_per_epoch=5", "fit.verbose=0", "fit.validation_steps=1"]
    overrides += ["tracking.plots=false", "tracking.model=false"]
    assert run_experiment(compose(overrides), tmp_path / "run") == DONE
    record = json.loads((tmp_path / "run" / "record.json").read_text())
    assert np.isfinite(record["metrics"]["test"]["loss"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("experiment", "target", "form"),
    [("airline_passengers", "Passengers", (12, 12)), ("minimum_temperatures", "Temp", (28, 7))],
)
def test_a_forecast_is_no_worse_than_a_linear_model_on_the_same_windows(
    engine: str, tmp_path: Path, experiment: str, target: str, form: tuple[int, int]
) -> None:
    from sklearn.linear_model import LinearRegression

    data = DATASETS / REAL[experiment]
    if not data.exists():
        pytest.skip(f"{data.name} is not there")
    overrides = [f"experiment={experiment}", *files_of(experiment, data), "fit.verbose=0"]
    assert run_experiment(compose(overrides), tmp_path / "run") == DONE
    record = json.loads((tmp_path / "run" / "record.json").read_text())
    ours = record["metrics"]["test"]["mean_absolute_error"]

    length, horizon = form
    with data.open() as lines:
        head = next(lines).replace('"', "").strip().split(",")
        values = np.array([float(line.split(",")[head.index(target)]) for line in lines])
    split = yaml.safe_load((CONF / "experiment" / f"{experiment}.yaml").read_text())["data"][
        "split"
    ]
    tested = len(values) - split["test"]
    windows = np.lib.stride_tricks.sliding_window_view(values, length + horizon)
    trained = windows[: tested - split["validation"] - length - horizon + 1]
    asked = windows[tested - length :]
    linear = LinearRegression().fit(trained[:, :length], trained[:, length:])
    errors = linear.predict(asked[:, :length]) - asked[:, length:]
    assert ours <= np.abs(errors).mean()
    baselines = record["baselines"]["test"]
    assert all(ours < one["mean_absolute_error"] for one in baselines.values())


@pytest.mark.slow
def test_the_chapter_trains_on_the_real_images(engine: str, tmp_path: Path) -> None:
    data = DATASETS / "cifar10_jpg.tar.gz"
    if not data.exists():
        pytest.skip(f"{data.name} is not there")
    overrides = ["experiment=book/cifar10_mlp", f"data.source.path='{data}'", "fit.verbose=0"]
    assert run_experiment(compose(overrides), tmp_path / "run") == DONE
    record = json.loads((tmp_path / "run" / "record.json").read_text())
    assert record["metrics"]["test"]["accuracy"] > 0.3


@pytest.mark.parametrize("data", options("data"))
def test_a_data_config_describes_what_the_compiler_needs(data: str) -> None:
    from kerasgen.diagnostics import Sink
    from kerasgen.frontend.parse.data import parse_data
    from kerasgen.session.early_checks import facts_suffice

    section = yaml.safe_load((CONF / "data" / f"{data}.yaml").read_text())
    sink = Sink()
    parsed = parse_data(section, sink)
    assert sink.diagnostics == []
    assert parsed is not None
    # A group for any data of a kind leaves it to that data.
    assert facts_suffice(parsed) != parsed.unsettled


@pytest.mark.parametrize("optimizer", options("optimizer"))
def test_an_optimizer_config_says_what_keras_has_by_default(engine: str, optimizer: str) -> None:
    import inspect

    import keras

    waiting = [yaml.safe_load((CONF / "optimizer" / f"{optimizer}.yaml").read_text())]
    while waiting:
        section = waiting.pop()
        signature = inspect.signature(getattr(keras.optimizers, section.pop("class"))).parameters
        waiting += [value for value in section.values() if isinstance(value, dict)]
        plain = {name: value for name, value in section.items() if not isinstance(value, dict)}
        assert {name: signature[name].default for name in plain} == plain


def test_every_optimizer_of_keras_is_an_option(engine: str) -> None:
    import inspect

    import keras

    offered = {
        name.lower()
        for name, made in inspect.getmembers(keras.optimizers, inspect.isclass)
        if issubclass(made, keras.optimizers.Optimizer)
    }
    # The base class, and the one that needs an optimizer for each of a model's own layers.
    assert set(options("optimizer")) == offered - {"optimizer", "multioptimizer"}
    assert [name for name in options("optimizer") if _class_of(name) != name] == []


def _class_of(optimizer: str) -> str:
    section = yaml.safe_load((CONF / "optimizer" / f"{optimizer}.yaml").read_text())
    return section["class"].lower()


CHAPTER = ("sgd", "rmsprop", "adam", "adagrad", "adadelta")
"""The optimizers of the book's chapter."""

QUICK_ONES = ("sgd", "adadelta", "lossscaleoptimizer", "schedulefreeadamw")
"""One of each kind: a plain one, one that adapts, one around another, one with other weights."""


def one_of_each_kind(optimizers: Iterable[str]) -> list[Any]:
    """The others train by the same code, and are slow."""
    return [
        name if name in QUICK_ONES else pytest.param(name, marks=pytest.mark.slow)
        for name in optimizers
    ]


@pytest.mark.parametrize("optimizer", one_of_each_kind(CHAPTER))
def test_the_optimizers_of_the_chapter_train(engine: str, tmp_path: Path, optimizer: str) -> None:
    overrides = [f"backend={engine}", f"optimizer={optimizer}", "fit.epochs=2", "fit.verbose=0"]
    overrides += ["fit.batch_size=128", "tracking.plots=false", "tracking.model=false"]
    assert run_experiment(compose(overrides), tmp_path / "run") == DONE
    rows = read_history(tmp_path / "run")
    assert rows[-1]["loss"] < rows[0]["loss"]


@pytest.mark.parametrize(
    "optimizer", one_of_each_kind(sorted(set(options("optimizer")) - set(CHAPTER)))
)
def test_an_optimizer_trains(engine: str, tmp_path: Path, optimizer: str) -> None:
    overrides = [f"backend={engine}", f"optimizer={optimizer}", "data=iris", "fit.epochs=1"]
    overrides += ["model=table_classes", "fit.steps_per_epoch=1", "fit.verbose=0"]
    overrides += ["tracking.plots=false", "tracking.model=false"]
    assert run_experiment(compose(overrides), tmp_path / "run") == DONE
    record = json.loads((tmp_path / "run" / "record.json").read_text())
    assert np.isfinite(record["metrics"]["test"]["loss"])


@pytest.mark.parametrize("names", [("jax", "tensorflow", "torch"), ("cntk", "theano")], ids=str)
def test_the_backend_configs_differ_in_the_backend_alone(names: tuple[str, ...]) -> None:
    assert set(names) <= set(options("backend"))
    sections = [yaml.safe_load((CONF / "backend" / f"{name}.yaml").read_text()) for name in names]
    assert [section.pop("backend") for section in sections] == list(names)
    assert all(section == sections[0] for section in sections)
