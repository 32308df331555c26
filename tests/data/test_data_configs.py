"""Every shipped data group: its declared facts are true, and predict what comes out."""

from pathlib import Path

import pytest
import yaml

from kerasgen.data.opened import open_data
from kerasgen.data.preparation import prepare_data
from kerasgen.diagnostics import Sink
from kerasgen.frontend.parse.data import parse_data

FOLDER = Path(__file__).resolve().parents[2] / "conf" / "data"
LOCAL = {
    "diabetes": "pima-indians-diabetes.csv",
    "penguins": "penguins.csv",
    "mnist": "mnist.npz",
}
"""Group to the file that stands in for its mandatory or optional path."""

NOTHING = {"none"}
"""The group without data."""

ONLINE = {"fashion_mnist", "cifar10"}
ARCHIVE = {"cifar10_images"}
ANY = {"table", "series", "images", "text_folder", "sounds", "text", "adult", "sms", "diamonds"}
"""Groups that leave it to their files what the columns are."""

SHIPPED = {path.stem for path in FOLDER.glob("*.yaml")}
OFFLINE = sorted(SHIPPED - ONLINE - ARCHIVE - NOTHING - ANY)


def _definition(name, dataset):
    section = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    if name in LOCAL:
        section["source"]["path"] = str(dataset(LOCAL[name]))
    sink = Sink()
    definition = parse_data(section, sink)
    assert definition is not None, sink.diagnostics
    return definition


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_group_begins_with_a_comment_and_declares_its_facts(path):
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# ")
    section = yaml.safe_load(text)
    if path.stem in NOTHING:
        assert not any(section.values())
        return
    if path.stem in ANY:
        assert section["source"]["path"] == "???"
        return
    assert {"shape", "samples"} <= set(section["facts"])
    assert ("classes" in section["facts"]) == (section["task"] == "classification")


@pytest.mark.parametrize("name", OFFLINE)
def test_the_facts_are_true_of_the_real_data(name, dataset):
    definition, sink = _definition(name, dataset), Sink()
    opened = open_data(definition, sink)
    assert sink.diagnostics == []
    assert set(definition.facts) <= set(opened.facts)


@pytest.mark.parametrize("name", OFFLINE)
def test_the_facts_predict_the_shapes_that_come_out(name, dataset, catalog, started):
    from kerasgen.engines.keras3.preprocessing import KerasPreparation
    from kerasgen.passes.prepared_shapes import shape_preparation

    definition, sink = _definition(name, dataset), Sink()
    opened = open_data(definition, sink)
    parts = opened.parts
    data = prepare_data(opened, parts, definition, started, sink)
    shaped = shape_preparation(definition, catalog, KerasPreparation(catalog), sink)
    assert shaped is not None
    for part in (data.training, data.validation, data.test):
        assert part is not None
        assert {key: array.shape[1:] for key, array in part.x.items()} == shaped.inputs
        for output in definition.target:
            assert part.y[output].shape[1:] == shaped.targets[output]
    assert sink.diagnostics == []


def test_the_image_archive_has_the_classes_and_samples_that_are_declared(dataset):
    from kerasgen.data.sources.images import ImageFolder

    definition = _definition("cifar10_images", dataset)
    path = str(dataset("cifar10_jpg.tar.gz"))
    table = ImageFolder(path=path).read(frozenset({"label"}), Sink())
    assert len(table.class_names["label"]) == definition.facts["classes"]
    assert len(table.columns["label"]) == definition.facts["samples"]
    assert (table.given == 2).sum() == 10000


@pytest.mark.slow
def test_the_image_archive_opens(dataset):
    from dataclasses import replace

    definition = _definition("cifar10_images", dataset)
    arguments = {**definition.source.arguments, "path": str(dataset("cifar10_jpg.tar.gz"))}
    source = replace(definition.source, arguments=arguments)
    opened = open_data(replace(definition, source=source), Sink())
    assert opened.columns["image"].shape == (60000, 32, 32, 3)
    assert opened.description["classes"]["label"]["dog"] == 6000


def test_a_table_of_mixed_types_is_read_with_its_second_file(dataset, open_text):
    opened = open_text(
        f"{{source: {{class: Csv, path: {dataset('adult-train.csv')}, "
        f"test_path: {dataset('adult-test.csv')}, header: false, missing: drop}}, "
        "features: [c0, c4, c12], target: c9, task: classification}"
    )
    assert opened.samples == 48842
    assert opened.facts["class_names"] == ["Female", "Male"]
    assert opened.description["given"] == {"training": 32561, "validation": 0, "test": 16281}
