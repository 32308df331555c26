"""`kerasgen serve` as a process: what clients send, and what they read."""

import base64
import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from kerasgen.cli import main
from kerasgen.verbs.load import load_run

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("httptools")
pytest.importorskip("python_multipart")
pytest.importorskip("polars")

PATIENCE = 120


@dataclass(frozen=True)
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def data(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Server:
    """A server that is ready."""

    process: subprocess.Popen[str]
    port: int

    def send(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        client.request(method, path, body, named)
        reply = client.getresponse()
        found = Reply(reply.status, reply.headers, reply.read())
        client.close()
        return found

    def ask(self, rows: Any, parameters: str = "", **headers: str) -> Reply:
        body = json.dumps(rows).encode()
        path = f"/predict?{parameters}"
        return self.send("POST", path, body, content_type="application/json", **headers)

    def upload(self, files: dict[str, bytes], parameters: str = "") -> Reply:
        mark = "a-mark-between-parts"
        parts = [
            f'--{mark}\r\ncontent-disposition: form-data; name="files"; filename="{name}"'
            "\r\ncontent-type: application/octet-stream\r\n\r\n".encode()
            + content
            + b"\r\n"
            for name, content in files.items()
        ]
        body = b"".join(parts) + f"--{mark}--\r\n".encode()
        kind = f"multipart/form-data; boundary={mark}"
        return self.send("POST", f"/predict?{parameters}", body, content_type=kind)

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, errors


@contextmanager
def serving(run: Path, *more: str, **variables: str) -> Iterator[Server]:
    process = subprocess.Popen(
        [sys.executable, "-m", "kerasgen", "serve", str(run), "--port", "0", *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **variables},
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if "http://127.0.0.1:" not in line:
            process.kill()
            raise AssertionError(process.communicate()[1])
        yield Server(process, int(line.rpartition(":")[2]))
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def table(table_run: Path) -> Iterator[Server]:
    with serving(table_run, "--max-bytes", "200000", "--max-rows", "500") as server:
        yield server


@pytest.fixture(scope="module")
def digits(image_run: Path) -> Iterator[Server]:
    with serving(image_run) as server:
        yield server


def test_a_row_has_an_object_and_rows_have_a_list(table: Server) -> None:
    one = table.ask({"age": 31, "city": "Rome"}).data
    many = table.ask([{"age": 31, "city": "Rome"}, {"age": 50, "city": "Rome"}]).data
    assert set(one) == {"predicted", "probability"}
    assert len(many) == 2
    assert many[0]["predicted"] == one["predicted"]


def test_parameters_are_those_of_predict(table: Server) -> None:
    found = table.ask({"age": 31, "city": "Rome"}, "top=2&scores=true").data
    assert {found["predicted"], found["predicted_2"]} == {"yes", "no"}
    assert found["score_no"] + found["score_yes"] == pytest.approx(1)


def test_a_table_is_answered_as_predict_answers_it(
    table: Server, table_run: Path, tmp_path: Path
) -> None:
    text = "age,city\n31,Rome\n,Oslo\n50,Rome\n"
    (tmp_path / "new.csv").write_text(text)
    assert (
        main(["predict", str(table_run), str(tmp_path / "new.csv"), "-o", str(tmp_path / "a.csv")])
        == 0
    )
    sent = table.send("POST", "/predict", text.encode(), content_type="text/csv", accept="text/csv")
    assert sent.headers["content-type"].startswith("text/csv")
    ours, theirs = sent.body.decode().splitlines(), (tmp_path / "a.csv").read_text().splitlines()
    assert [line.rpartition(",")[0] for line in ours] == [
        line.rpartition(",")[0] for line in theirs
    ]


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet", "json"])
def test_files_are_answered_whatever_their_form(table: Server, ending: str) -> None:
    import polars

    frame = polars.DataFrame({"age": [31, None, 50], "city": ["Rome", "Oslo", "Rome"]})
    content = io.BytesIO()
    if ending == "json":
        content.write(json.dumps(frame.to_dicts()).encode())
    else:
        write = {"csv": "write_csv", "jsonl": "write_ndjson", "parquet": "write_parquet"}[ending]
        getattr(frame, write)(content)
    found = table.upload({f"new.{ending}": content.getvalue()})
    expected = table.ask(frame.to_dicts()).data
    assert [row["predicted"] for row in found.data] == [row["predicted"] for row in expected]


def test_a_bad_row_is_told_with_its_number_and_its_column(table: Server) -> None:
    found = table.ask([{"age": 31, "city": "Rome"}, {"age": "old", "city": "Rome"}])
    assert found.status == 422
    assert found.data["detail"] == (
        'row 2 has no answer: the column `age` holds "old", expected a number'
    )
    assert found.data["diagnostics"][0]["code"] == "KG624"
    told = table.ask([{"age": "old", "city": "Rome"}], "bad=column").data
    assert told[0]["problem"] == 'the column `age` holds "old", expected a number'
    lines = table.send("POST", "/predict", b"age,city\nold,Rome\n", content_type="text/csv")
    assert lines.data["diagnostics"][0]["location"]["line"] == 2
    assert "/tmp" not in lines.body.decode()


HOSTILE: dict[str, tuple[int, Callable[[Server], Reply]]] = {
    "no JSON": (400, lambda s: s.send("POST", "/predict", b"{", content_type="application/json")),
    "nothing": (400, lambda s: s.send("POST", "/predict", b"", content_type="application/json")),
    "deep": (413, lambda s: s.ask(json.loads("[" * 60 + "]" * 60))),
    "no rows": (422, lambda s: s.ask([])),
    "other columns": (422, lambda s: s.ask({"agee": 1, "city": "Rome"})),
    "many rows": (413, lambda s: s.ask([{"age": 1, "city": "Rome"}] * 501)),
    "many bytes": (413, lambda s: s.ask({"age": 1, "city": "x" * 300_000})),
    "many rows of a table": (
        413,
        lambda s: s.send(
            "POST", "/predict", b"age,city\n" + b"1,Rome\n" * 501, content_type="text/csv"
        ),
    ),
    "another type": (415, lambda s: s.send("POST", "/predict", b"a", content_type="text/plain")),
    "another method": (405, lambda s: s.send("GET", "/predict")),
    "another path": (404, lambda s: s.send("GET", "/../../etc/passwd")),
    "another parameter": (422, lambda s: s.ask({"age": 1, "city": "Rome"}, "bad=worse")),
    "no number": (422, lambda s: s.ask({"age": 1, "city": "Rome"}, "top=0")),
    "a file of no kind": (422, lambda s: s.upload({"a.exe": b"MZ"})),
    "no Parquet": (422, lambda s: s.upload({"a.parquet": b"PAR1 and no more"})),
    "an image": (422, lambda s: s.upload({"a.png": b"\x89PNG"})),
    "a path": (422, lambda s: s.upload({"../../a.csv": b"age\n1\n"})),
    "no parts": (
        400,
        lambda s: s.send("POST", "/predict", b"", content_type="multipart/form-data; boundary=a"),
    ),
    "no boundary": (
        400,
        lambda s: s.send("POST", "/predict", b"--a", content_type="multipart/form-data"),
    ),
    "another name": (421, lambda s: s.send("GET", "/health", host="evil.example")),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_bad_request_is_refused_without_a_traceback(table: Server, name: str) -> None:
    status, ask = HOSTILE[name]
    found = ask(table)
    assert found.status == status, found.body
    assert "detail" in found.data
    assert b"Traceback" not in found.body
    assert b'File "' not in found.body
    assert table.ask({"age": 31, "city": "Rome"}).status == 200


@pytest.mark.slow
def test_images_are_answered_as_files_numbers_and_base64(digits: Server, image_run: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (8, 8)).astype("uint8")
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "png")
    png = content.getvalue()
    (expected,) = load_run(image_run).predict(pixels[None, ..., None])["predicted"].tolist()
    files = digits.upload({"../one.png": png, "two.png": png}).data
    assert [(row["file"], row["predicted"]) for row in files] == [
        ("one.png", expected),
        ("two.png", expected),
    ]
    assert digits.ask({"image": pixels[..., None].tolist()}).data["predicted"] == expected
    bad = digits.upload({"one.png": png, "two.png": png[:50]})
    assert bad.status == 422
    assert bad.data["detail"].startswith("row 2 has no answer: `two.png`")
    skipped = digits.upload({"one.png": png, "two.png": png[:50]}, "bad=skip").data
    assert [row["file"] for row in skipped] == ["one.png"]


def test_a_client_names_no_file_of_the_server(digits: Server) -> None:
    here = base64.b64encode(Path(__file__).read_bytes()).decode()
    for cell in (__file__, "/etc/passwd", here):
        assert digits.ask({"image": cell}).status == 422


def test_the_description_names_the_columns_and_the_page_loads_nothing(table: Server) -> None:
    told = table.send("GET", "/openapi.json").data
    content = told["paths"]["/predict"]["post"]["requestBody"]["content"]
    row = content["application/json"]["schema"]["oneOf"][0]
    assert row["required"] == ["age", "city"]
    page = table.send("GET", "/")
    assert b"http" not in page.body.lower().replace(b"http-equiv", b"")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert table.send("GET", "/docs").status == 404


def test_figures_count_what_was_asked(table: Server) -> None:
    before = table.send("GET", "/metrics").body.decode()
    table.ask({"age": 31, "city": "Rome"})
    after = table.send("GET", "/metrics").body.decode()

    def count(text: str) -> int:
        start = 'kerasgen_requests_total{path="/predict",status="200"} '
        return next(
            (int(line[len(start) :]) for line in text.splitlines() if line.startswith(start)), 0
        )

    assert count(after) == count(before) + 1
    assert "kerasgen_ready 1" in after


def test_many_clients_at_once_are_all_answered_and_computed_together(table: Server) -> None:
    statuses: list[int] = []

    def client(number: int) -> None:
        for age in range(10):
            statuses.append(table.ask({"age": 20 + number + age, "city": "Rome"}).status)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 160
    text = table.send("GET", "/metrics").body.decode()
    assert "kerasgen_queue_requests 0" in text


@pytest.mark.slow
def test_a_client_needs_the_token_and_it_is_nowhere_else(table_run: Path, tmp_path: Path) -> None:
    token = tmp_path / "token.txt"
    token.write_text("0123456789abcdefTOKEN\n")
    before = sorted(path.name for path in table_run.rglob("*"))
    with serving(
        table_run, "--token-file", str(token), KERASGEN_TOKEN="another-token-here"
    ) as server:
        row = {"age": 31, "city": "Rome"}
        assert server.ask(row).status == 401
        assert server.ask(row, authorization="Bearer another-token-here").status == 401
        assert server.ask(row, authorization="Bearer 0123456789abcdefTOKEN").status == 200
        assert server.send("GET", "/metrics").status == 401
        assert server.send("GET", "/openapi.json").status == 401
        assert server.send("GET", "/ready").status == 200
        line = Path(f"/proc/{server.process.pid}/cmdline")
        if line.exists():
            assert b"TOKEN" not in line.read_bytes().split(b"--token-file")[1].split(b"\0", 2)[2]
        code, errors = server.end()
    assert code == 143
    assert "abcdefTOKEN" not in errors
    assert sorted(path.name for path in table_run.rglob("*")) == before


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_what_came_in_is_answered(table_run: Path, number: int) -> None:
    with serving(table_run, "--max-wait", "1500") as server:
        found: list[Reply] = []
        asking = threading.Thread(
            target=lambda: found.append(server.ask({"age": 31, "city": "Rome"}))
        )
        asking.start()
        time.sleep(0.7)  # It waits for others to be computed with.
        code, errors = server.end(number)
        asking.join()
    assert [reply.status for reply in found] == [200]
    assert code == 128 + number
    assert "Traceback" not in errors


HEAD = b"POST /predict HTTP/1.1\r\nhost: localhost\r\n"

ENDLESS = {
    "a head": (HEAD, b"x: y\r\n"),
    "one field": (HEAD + b"x: ", b"y" * 1000),
    "a path": (b"POST /", b"y" * 1000),
    "what follows a body": (
        HEAD
        + b"content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n",
        b"x: y\r\n",
    ),
    "the length of a part": (HEAD + b"transfer-encoding: chunked\r\n\r\n2;x=", b"y" * 1000),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_what_never_ends_is_not_read_for_long(table: Server, what: str) -> None:
    first, again = ENDLESS[what]
    sent = 0
    with socket.create_connection(("127.0.0.1", table.port), timeout=PATIENCE) as client:
        client.sendall(first)
        try:
            while sent < 50 * 2**20:
                client.sendall(again * 10)
                sent += 10 * len(again)
        except ConnectionError:
            pass
    assert 64 * 2**10 < sent < 50 * 2**20
    figures = table.send("GET", "/metrics").body.decode()
    assert "kerasgen_connections 1\n" in figures


def test_a_head_that_is_too_long_is_told_so(table: Server) -> None:
    with socket.create_connection(("127.0.0.1", table.port), timeout=PATIENCE) as client:
        client.sendall(HEAD + b"x: " + b"y" * 65 * 2**10)
        assert client.recv(1000).startswith(b"HTTP/1.1 431 ")


@pytest.mark.slow
def test_slow_and_silent_clients_are_sent_away(table_run: Path) -> None:
    with serving(table_run, "--client-timeout", "1", "--max-connections", "20") as server:
        head = b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        begun = [b"", b"POST /pre", head + b"content-length: 100\r\n\r\n", head[:20]]
        clients = []
        for number in range(60):
            client = socket.create_connection(("127.0.0.1", server.port), PATIENCE)
            client.sendall(begun[number % 4])
            clients.append(client)
        refused = 0
        for client in clients:
            try:
                text = client.recv(4096)
            except ConnectionError:
                text = b""
            refused += text.startswith(b"HTTP/1.1 503")
            client.close()
            assert text[:12] in (b"", b"HTTP/1.1 503", b"HTTP/1.1 408")
        assert refused == 40
        assert server.ask({"age": 31, "city": "Rome"}).status == 200
