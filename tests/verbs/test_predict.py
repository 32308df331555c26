"""A table trains with two settings, and its run answers for new rows."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import kerasgen
from kerasgen.diagnostics import CompileError, SourceLocation
from kerasgen.frontend.compose.composition import compose
from kerasgen.process.exit_codes import DONE
from kerasgen.run.experiment import run_experiment
from kerasgen.session.named_run import named_run
from kerasgen.verbs.predict import Question, predict_rows

pytest.importorskip("polars")

COLUMNS = ("age", "city", "joined", "note", "member")


def _rows(count: int, seed: int = 0) -> list[list[str]]:
    """Rows in which whoever is older than 40 and from Rome is a member."""
    random = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        age, city = int(random.integers(20, 60)), str(random.choice(["Rome", "Oslo"]))
        member = "yes" if age > 40 and city == "Rome" else "no"
        shown = "" if number % 17 == 3 else str(age)
        joined = f"20{random.integers(10, 24)}-{random.integers(1, 13):02d}-01"
        rows.append([shown, city, joined, f"a note of {number} words and {age}", member])
    return rows


def _write(path: Path, rows: list[list[str]], names: tuple[str, ...] = COLUMNS) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(names)
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def run(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of any table, with nothing said of it but its target."""
    folder = tmp_path_factory.mktemp("predict")
    data = _write(folder / "members.csv", _rows(240))
    overrides = [
        *(f"backend={engine}", "data=table", "model=table", f"data.source.path={data}"),
        *("data.target=member", "fit.epochs=12", "fit.verbose=0", "tracking.plots=false"),
    ]
    assert run_experiment(compose(overrides), folder / "outputs" / "run") == DONE
    return folder / "outputs" / "run"


def _answers(run: Path, file: Path, **more: object) -> list[dict[str, str]]:
    said: list[str] = []
    predict_rows(run, Question(rows=str(file), **more), said.append)
    return list(csv.DictReader("".join(said).splitlines()))


@pytest.mark.slow
def test_what_was_left_to_the_data_is_written_out(run: Path) -> None:
    import yaml

    config = yaml.safe_load((run / "config.yaml").read_text())
    assert config["data"]["task"] == "classification"
    assert config["data"]["columns"]["joined"] == "date"
    assert config["data"]["columns"]["note"] == "text"
    assert set(config["data"]["features"]) == {"numbers", "note"}
    assert config["model"]["outputs"] == "chance"


def test_a_run_answers_for_rows_without_a_target(run: Path, tmp_path: Path) -> None:
    rows = _rows(60, seed=1)
    file = _write(tmp_path / "new.csv", [row[:-1] for row in rows], COLUMNS[:-1])
    answers = _answers(run, file)
    right = [answer["predicted"] == row[-1] for answer, row in zip(answers, rows, strict=True)]
    assert np.mean(right) > 0.8
    assert list(answers[0]) == [*COLUMNS[:-1], "predicted", "probability"]
    assert all(0.5 <= float(answer["probability"]) <= 1 for answer in answers)


def test_the_columns_of_the_input_stay_as_they_were_written(run: Path, tmp_path: Path) -> None:
    row = ["41", "Rome", "2020-05-01", "a note; with a sign"]
    (answer,) = _answers(run, _write(tmp_path / "new.csv", [row], COLUMNS[:-1]))
    assert [answer[name] for name in COLUMNS[:-1]] == row


def test_all_classes_and_their_scores_are_named(run: Path, tmp_path: Path) -> None:
    file = _write(tmp_path / "new.csv", _rows(5))
    (first, *_) = _answers(run, file, top=2, scores=True)
    assert {first["predicted"], first["predicted_2"]} == {"yes", "no"}
    assert float(first["score_no"]) + float(first["score_yes"]) == pytest.approx(1)


def test_an_answer_is_written_by_the_ending_of_its_file(run: Path, tmp_path: Path) -> None:
    import polars

    file = _write(tmp_path / "new.csv", _rows(5))
    for name in ("a.csv", "a.jsonl", "a.parquet"):
        question = Question(rows=str(file), output=tmp_path / name)
        assert predict_rows(run, question, print).rows == 5
    lines = (tmp_path / "a.jsonl").read_text().splitlines()
    assert [json.loads(line)["predicted"] for line in lines] == (
        polars.read_parquet(tmp_path / "a.parquet")["predicted"].to_list()
    )


def test_python_asks_the_same(run: Path, tmp_path: Path) -> None:
    rows = _rows(8, seed=2)
    file = _write(tmp_path / "new.csv", rows)
    columns = dict(zip(COLUMNS, zip(*rows, strict=True), strict=True))
    found = kerasgen.load(run).predict({n: list(v) for n, v in columns.items() if n != "member"})
    assert found["predicted"].tolist() == [answer["predicted"] for answer in _answers(run, file)]


def test_a_column_that_is_missing_is_told(run: Path, tmp_path: Path) -> None:
    file = _write(tmp_path / "new.csv", [["41", "Rome"]], ("age", "citty"))
    with pytest.raises(CompileError) as caught:
        predict_rows(run, Question(rows=str(file)), print)
    assert [(d.code, d.message) for d in caught.value.diagnostics] == [
        ("KG504", "the rows have no column `city`"),
        ("KG504", "the rows have no column `joined`"),
        ("KG504", "the rows have no column `note`"),
    ]
    assert caught.value.diagnostics[0].help == "did you mean `citty`?"
    places = [d.location.file for d in caught.value.diagnostics if d.location is not None]
    assert places == [str(file)] * 3


def _copy_without_checksums(run: Path, copy: Path) -> Path:
    """A run whose record knows of no file what it was."""
    shutil.copytree(run, copy)
    record = json.loads((copy / "record.json").read_text())
    del record["checksums"]
    (copy / "record.json").write_text(json.dumps(record))
    return copy


def test_a_run_that_has_lost_what_a_step_has_learned_is_told(run: Path, tmp_path: Path) -> None:
    copy = _copy_without_checksums(run, tmp_path / "copy")
    steps = copy / "prepare" / "steps.json"
    kept = json.loads(steps.read_text(encoding="utf-8"))
    lost, _ = kept["steps"].popitem()
    steps.write_text(json.dumps(kept), encoding="utf-8")
    with pytest.raises(CompileError) as caught:
        kerasgen.load(copy)
    (found,) = caught.value.diagnostics
    assert found.code == "KG606"
    assert found.message == f"`{steps}` has nothing of the step `{lost}` of `data.prepare`"


def test_a_run_whose_columns_go_into_nothing_is_told(run: Path, tmp_path: Path) -> None:
    copy = _copy_without_checksums(run, tmp_path / "copy")
    columns = copy / "prepare" / "columns.json"
    kept = json.loads(columns.read_text(encoding="utf-8"))
    columns.write_text(json.dumps(kept | {"features": {}}), encoding="utf-8")
    with pytest.raises(CompileError) as caught:
        kerasgen.load(copy)
    (found,) = caught.value.diagnostics
    assert found.code == "KG606"
    assert found.message == f"`{columns}` names no columns that the model takes"


def test_a_word_in_the_place_of_a_number_is_told(run: Path, tmp_path: Path) -> None:
    rows = [*_rows(3), ["old", "Rome", "2020-05-01", "note", "no"]]
    with pytest.raises(CompileError) as caught:
        predict_rows(run, Question(rows=str(_write(tmp_path / "new.csv", rows))), print)
    (found,) = caught.value.diagnostics
    assert found.code == "KG624"
    assert found.message == 'row 4 has no answer: the column `age` holds "old", expected a number'
    assert found.location is not None
    assert (found.location.file, found.location.line) == (str(tmp_path / "new.csv"), 5)


def test_a_file_that_is_not_there_is_told_where_it_was_typed(run: Path, tmp_path: Path) -> None:
    with pytest.raises(CompileError) as caught:
        predict_rows(run, Question(rows=str(tmp_path / "nope.csv")), print)
    (found,) = caught.value.diagnostics
    assert found.code == "KG501"
    assert found.location is not None
    assert (found.location.key, found.location.override) == ("", str(tmp_path / "nope.csv"))


def test_json_lines_hold_numbers_where_a_column_has_some(run: Path, tmp_path: Path) -> None:
    good, word = ["41", "007", "2020-05-01", "1.50"], ["old", "Rome", "2020-05-01", "a note"]
    file = _write(tmp_path / "new.csv", [good, word, ["", *good[1:]]], COLUMNS[:-1])
    question = Question(rows=str(file), output=tmp_path / "a.jsonl", bad="column")
    assert predict_rows(run, question, print).without == 1
    first, second, third = map(json.loads, (tmp_path / "a.jsonl").read_text().splitlines())
    assert [first[name] for name in COLUMNS[:-1]] == [41, *good[1:]]
    assert (second["age"], third["age"]) == ("old", None)
    assert second["problem"] == 'the column `age` holds "old", expected a number'


def test_last_is_the_newest_completed_run(run: Path) -> None:
    assert named_run("last", run.parent) == run
    assert named_run("run", run.parent) == run


def test_python_calls_a_run_as_the_command_line_does(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(run.parent.parent)
    assert kerasgen.load("last").folder.resolve() == run
    assert kerasgen.load("run").folder.resolve() == run
    assert kerasgen.load("best:test_loss").folder.resolve() == run
    with pytest.raises(CompileError) as caught:
        kerasgen.load("lst")
    (found,) = caught.value.diagnostics
    assert (found.code, found.message) == ("KG606", "there is no run `lst`")
    assert found.help == "did you mean `last`?"


@pytest.mark.parametrize("name", ["last", "rnu"])
def test_a_run_that_is_not_there_is_told(name: str, run: Path, tmp_path: Path) -> None:
    outputs = tmp_path if name == "last" else run.parent
    with pytest.raises(CompileError) as caught:
        named_run(name, outputs)
    assert caught.value.diagnostics[0].code == "KG606"


def test_a_number_is_answered_in_its_own_units(engine: str, tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    rows = [[str(n), str(10_000 + 500 * n)] for n in random.integers(0, 50, 200).tolist()]
    data = _write(tmp_path / "prices.csv", rows, ("rooms", "price"))
    overrides = [
        *(f"backend={engine}", "data=table", "model=table", f"data.source.path={data}"),
        *("data.target=price", "fit.epochs=15", "fit.batch_size=8", "fit.verbose=0"),
        "tracking.plots=false",
    ]
    assert run_experiment(compose(overrides), tmp_path / "run") == DONE
    (answer,) = _answers(tmp_path / "run", _write(tmp_path / "new.csv", [["20"]], ("rooms",)))
    assert float(answer["predicted"]) == pytest.approx(20_000, rel=0.1)
    with pytest.raises(CompileError) as caught:
        _answers(tmp_path / "run", tmp_path / "new.csv", top=3)
    (found,) = caught.value.diagnostics
    assert (found.code, found.location) == ("KG204", SourceLocation(override="--top 3"))
    with pytest.raises(CompileError, match="`scores` has no meaning for this run"):
        kerasgen.load(tmp_path / "run").predict({"rooms": [20]}, scores=True)


def test_a_row_without_an_answer_is_told(engine: str, tmp_path: Path) -> None:
    rows = [[str(n), "no" if n < 20 else "yes"] for n in range(40)]
    data = _write(tmp_path / "whole.csv", rows, ("a b", "y"))
    overrides = [
        *(f"backend={engine}", "data=table", "model=table", f"data.source.path={data}"),
        *("data.target=y", "fit.epochs=1", "fit.verbose=0", "tracking.plots=false"),
    ]
    assert run_experiment(compose(overrides), tmp_path / "run") == DONE
    for cells, code in (([["3"], ["?"]], "KG624"), ([["inf"]], "KG624"), ([], "KG503")):
        file = _write(tmp_path / "new.csv", cells, ("a b",))
        with pytest.raises(CompileError) as caught:
            predict_rows(tmp_path / "run", Question(rows=str(file)), print)
        assert [d.code for d in caught.value.diagnostics] == [code]


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ({"top": 0}, "KG204"),
        ({"output": Path("answers.docx")}, "KG605"),
        ({"output": Path(".")}, "KG605"),
        ({"output": Path("nowhere/answers.csv")}, "KG605"),
    ],
)
def test_what_cannot_be_asked_is_told(question: dict, code: str, run: Path, tmp_path: Path) -> None:
    file = _write(tmp_path / "new.csv", _rows(3))
    with pytest.raises(CompileError) as caught:
        predict_rows(run, Question(rows=str(file), **question), print)
    (found,) = caught.value.diagnostics
    assert found.code == code
    assert found.location is not None
    ((name, value),) = question.items()
    assert found.location.override == f"--{name} {value}"


def test_a_column_that_is_called_as_the_answer_is_told(run: Path, tmp_path: Path) -> None:
    rows = [[*row, "x"] for row in _rows(3)]
    file = _write(tmp_path / "new.csv", rows, (*COLUMNS, "predicted"))
    with pytest.raises(CompileError) as caught:
        predict_rows(run, Question(rows=str(file)), print)
    assert [d.code for d in caught.value.diagnostics] == ["KG305"]


def test_rows_without_an_answer_stay_and_say_why(run: Path, tmp_path: Path) -> None:
    good = ["41", "Rome", "2020-05-01", "a note"]
    rows = [good, ["old", *good[1:]], ["41", "Rome", "soon", "a note"], ["41", "Rome"], good]
    file = _write(tmp_path / "new.csv", rows, COLUMNS[:-1])
    answers = _answers(run, file, bad="column")
    assert [answer["problem"] for answer in answers] == [
        "",
        'the column `age` holds "old", expected a number',
        '"soon" is no date',
        "it has 2 cells, expected 4",
        "",
    ]
    assert [bool(answer["predicted"]) for answer in answers] == [True, False, False, False, True]
    assert answers[1]["age"] == "old"


def test_rows_without_an_answer_are_left_out(run: Path, tmp_path: Path) -> None:
    good = ["41", "Rome", "2020-05-01", "a note"]
    file = _write(tmp_path / "new.csv", [good, ["old", *good[1:]], good], COLUMNS[:-1])
    said: list[str] = []
    counted = predict_rows(run, Question(rows=str(file), bad="skip"), said.append)
    assert (counted.rows, counted.without) == (3, 1)
    assert len("".join(said).splitlines()) == 3


def test_an_answer_that_ends_in_an_error_leaves_no_file(run: Path, tmp_path: Path) -> None:
    good = ["41", "Rome", "2020-05-01", "a note"]
    file = _write(tmp_path / "new.csv", [good, ["old", *good[1:]]], COLUMNS[:-1])
    for name in ("answers.csv", "answers.parquet"):
        with pytest.raises(CompileError):
            predict_rows(run, Question(rows=str(file), output=tmp_path / name), print)
    assert [path.name for path in tmp_path.iterdir()] == ["new.csv"]


def test_rows_of_python_that_are_none_are_told(run: Path) -> None:
    model = kerasgen.load(run)
    told = {}
    for title, rows in {
        "single values": {"age": 31, "city": "Rome"},
        "nothing": [],
        "numbers": [1, 2],
    }.items():
        with pytest.raises(CompileError) as caught:
            model.predict(rows)
        told[title] = [(d.code, d.message) for d in caught.value.diagnostics]
    single = "the column `age` is a single value, expected a list of them"
    assert told == {
        "single values": [("KG503", single)],
        "nothing": [("KG503", "there are no rows to answer for")],
        "numbers": [("KG503", "a row is `int`, expected a mapping")],
    }


def test_an_infinite_number_is_told_as_one(run: Path) -> None:
    row = {"age": float("inf"), "city": "Rome", "joined": "2020-05-01", "note": "a note"}
    found = kerasgen.load(run).predict([row], bad="column")
    assert found["problem"].tolist() == ["`age` is infinite, expected a finite number"]


def test_a_column_that_is_taken_is_not_offered_for_one_that_is_missing(
    run: Path, tmp_path: Path
) -> None:
    rows = [["41", "Rome", "2020-05-01", "x"]]
    file = _write(tmp_path / "new.csv", rows, ("age", "city", "joined", "noted"))
    nothing = _write(tmp_path / "less.csv", [row[1:3] for row in rows], ("city", "joined"))
    helps = []
    for asked in (file, nothing):
        with pytest.raises(CompileError) as caught:
            predict_rows(run, Question(rows=str(asked)), print)
        helps.append([d.help for d in caught.value.diagnostics])
    assert helps == [["did you mean `noted`?"], ["known: `city`, `joined`"] * 2]


def test_many_pieces_give_what_one_gives(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kerasgen.verbs import trained_run
    from kerasgen.verbs.answers import text_tables

    file = _write(tmp_path / "new.csv", _rows(150, seed=4))
    whole = _answers(run, file)
    monkeypatch.setattr(trained_run, "MOST_ROWS", 32)
    monkeypatch.setattr(text_tables, "BLOCK", 1000)
    parts = _answers(run, file)
    assert [{**row, "probability": ""} for row in parts] == [
        {**row, "probability": ""} for row in whole
    ]
    assert [float(row["probability"]) for row in parts] == pytest.approx(
        [float(row["probability"]) for row in whole], abs=1e-6
    )


def test_json_lines_and_parquet_are_asked_as_csv_is(run: Path, tmp_path: Path) -> None:
    import polars

    file = _write(tmp_path / "new.csv", _rows(20, seed=5))
    frame = polars.read_csv(file, separator=";")
    frame.write_ndjson(tmp_path / "new.jsonl")
    frame.write_parquet(tmp_path / "new.parquet")
    wanted = [row["predicted"] for row in _answers(run, file)]
    for name in ("new.jsonl", "new.parquet"):
        assert [row["predicted"] for row in _answers(run, tmp_path / name)] == wanted


def test_a_line_that_is_no_json_is_a_row_without_an_answer(run: Path, tmp_path: Path) -> None:
    row = json.dumps({"age": 41, "city": "Rome", "joined": "2020-05-01", "note": "a note"})
    file = tmp_path / "new.jsonl"
    file.write_text(f'{row}\n{{"age": \n[1]\n{row}\n')
    answers = _answers(run, file, bad="column")
    assert [answer["problem"] for answer in answers] == [
        "",
        "it is no object of JSON",
        "it is no object of JSON",
        "",
    ]


def test_a_text_that_is_a_word_in_the_training_stays_one(run: Path, tmp_path: Path) -> None:
    good = ["41", "007", "2020-05-01", "1.50"]
    (answer,) = _answers(run, _write(tmp_path / "new.csv", [good], COLUMNS[:-1]))
    assert [answer[name] for name in COLUMNS[:-1]] == good


def test_python_says_what_a_run_needs_and_tells_apart(run: Path) -> None:
    loaded = kerasgen.load(run)
    kinds = {"age": "number", "city": "category", "joined": "date", "note": "text"}
    assert loaded.columns == kinds
    assert loaded.classes == {"chance": ("no", "yes")}
    found = loaded.predict(
        [{"age": None, "city": "Rome", "joined": "soon", "note": "x"}], bad="column"
    )
    assert found["problem"].tolist() == ['"soon" is no date']


def test_images_of_a_folder_are_answered_for(engine: str, tmp_path: Path) -> None:
    from PIL import Image

    random = np.random.default_rng(0)
    for name, low in (("dark", 0), ("light", 200)):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(20):
            pixels = random.integers(low, low + 50, (8, 8, 3)).astype("uint8")
            Image.fromarray(pixels).save(tmp_path / "images" / name / f"{number}.png")
    overrides = [
        *(
            f"backend={engine}",
            "data=cifar10_images",
            "model=mlp",
            "fit.epochs=16",
            "fit.verbose=0",
        ),
        f"data.source.path={tmp_path / 'images'}",
        *("data.source.size=[8,8]", "data.facts=null", "data.split.test=0.2"),
        *("tracking.plots=false", "fit.batch_size=8"),
    ]
    assert run_experiment(compose(overrides), tmp_path / "run") == DONE
    (tmp_path / "images" / "light" / "broken.png").write_bytes(b"no image")
    answers = _answers(tmp_path / "run", tmp_path / "images", bad="column")
    assert answers[0]["file"] == "dark/0.png"
    told = {answer["file"]: answer for answer in answers}
    assert told["light/broken.png"]["problem"] == "`light/broken.png` is not an image"
    right = [a["file"].startswith(a["predicted"]) for a in answers if not a["problem"]]
    assert np.mean(right) > 0.8
    (alone,) = _answers(tmp_path / "run", tmp_path / "images" / "light" / "3.png")
    assert alone["file"] == "3.png"


def _run_of_declared_facts(said: list[str], facts: str, engine: str, place: Path) -> Path:
    """A run whose config says all that compiling asks of its data, but no name of a class."""
    overrides = [
        *(f"backend={engine}", *said, "fit.epochs=1", "fit.verbose=0", "fit.batch_size=8"),
        *("data.split.test=0.2", "tracking.plots=false", f"data.facts={facts}"),
    ]
    assert run_experiment(compose(overrides), place) == DONE
    return place


def test_images_are_answered_with_class_names_where_their_facts_are_declared(
    engine: str, tmp_path: Path
) -> None:
    from PIL import Image

    for name in ("cat", "ärger x"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(10):
            image = Image.new("RGB", (8, 8), (20 * number, 0, 0))
            image.save(tmp_path / "images" / name / f"{number}.png")
    said = [
        *("data=cifar10_images", "model=mlp", f"data.source.path={tmp_path / 'images'}"),
        "data.source.size=[8,8]",
    ]
    facts = "{classes: 2, shape: [8, 8, 3], samples: 20}"
    run = _run_of_declared_facts(said, facts, engine, tmp_path / "run")
    assert list(kerasgen.load(run).classes.values()) == [("cat", "ärger x")]
    (answer,) = _answers(run, tmp_path / "images" / "cat" / "3.png", top=2)
    assert {answer["predicted"], answer["predicted_2"]} == {"cat", "ärger x"}


def test_rows_are_answered_with_class_names_where_their_facts_are_declared(
    engine: str, tmp_path: Path
) -> None:
    rows = [[str(n), "low" if n < 20 else "high"] for n in range(40)]
    data = _write(tmp_path / "whole.csv", rows, ("n", "size"))
    said = [
        *("data=table", "model=mlp", f"data.source.path={data}", "data.target=size"),
        *("data.features=n", "data.task=classification", "data.prepare=null"),
    ]
    run = _run_of_declared_facts(said, "{classes: 2, shape: [1]}", engine, tmp_path / "run")
    assert list(kerasgen.load(run).classes.values()) == [("high", "low")]
    assert {answer["predicted"] for answer in _answers(run, data)} <= {"high", "low"}


def test_a_forecaster_answers_with_what_follows(engine: str, tmp_path: Path) -> None:
    rows = [[f"{2000 + n // 12}-{n % 12 + 1:02d}", str(n % 12)] for n in range(120)]
    data = _write(tmp_path / "sales.csv", rows, ("month", "sold"))
    overrides = [
        *(f"backend={engine}", "data=series", "model=series", f"data.source.path={data}"),
        *("data.time=month", "data.target=sold", "data.windows={length: 12, horizon: 3}"),
        *("data.split={test: 24, validation: 12}", "fit.epochs=1", "fit.verbose=0"),
        "tracking.plots=false",
    ]
    assert run_experiment(compose(overrides), tmp_path / "run") == DONE
    newest = _write(tmp_path / "new.csv", rows[-15:], ("month", "sold"))
    answers = _answers(tmp_path / "run", newest)
    assert [answer["month"] for answer in answers] == ["2010-01", "2010-02", "2010-03"]
    assert all(float(answer["predicted"]) == float(answer["predicted"]) for answer in answers)
    newest.write_text(newest.read_text().replace("2009-03", "soon"))
    with pytest.raises(CompileError) as caught:
        _answers(tmp_path / "run", newest)
    (wrong,) = caught.value.diagnostics
    assert (wrong.code, wrong.message) == ("KG545", 'the time `month` is "soon" in row 6')
    assert wrong.location == SourceLocation(file=str(newest), line=7)
    found = kerasgen.load(tmp_path / "run")
    record = json.loads((tmp_path / "run" / "record.json").read_text())
    assert found.evaluate().metrics == record["metrics"]["test"]


def test_files_that_the_run_has_not_written_are_told(run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    steps = json.loads((copy / "prepare" / "steps.json").read_text())
    steps["steps"] = {name: {} for name in steps["steps"]}
    (copy / "prepare" / "steps.json").write_text(json.dumps(steps))
    with pytest.raises(CompileError) as caught:
        kerasgen.load(copy)
    (found,) = caught.value.diagnostics
    assert found.code == "KG640"
    assert "steps.json` is not the file that the run has written" in found.message

    record = json.loads((copy / "record.json").read_text())
    del record["checksums"]["prepare/steps.json"]
    (copy / "record.json").write_text(json.dumps(record))
    assert kerasgen.load(copy).columns.keys() == kerasgen.load(run).columns.keys()
