"""A headless Chromium, driven over a pipe: what it says of a page, and what it shows of one.

Nothing but the standard library is needed: its messages are JSON, each ended by a null byte.
"""

import base64
import contextlib
import json
import os
import select
import shutil
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
"""Where the browser is, None where there is none."""

_PATIENCE = 90.0
"""Seconds that an answer may take."""


class Browser:
    """One page of a browser of its own.

    Attributes:
        requests: the addresses that were asked for, in order.
        messages: what was written to the console, and what the browser complained of.
    """

    def __init__(self, folder: Path) -> None:
        assert CHROMIUM is not None
        to_browser, self._out = os.pipe()
        self._in, from_browser = os.pipe()
        arguments = [
            CHROMIUM,
            "--headless=new",
            "--remote-debugging-pipe",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            f"--user-data-dir={folder}",
        ]
        null = os.open(os.devnull, os.O_WRONLY)
        self._process = os.posix_spawn(
            CHROMIUM,
            arguments,
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, to_browser, 3),
                (os.POSIX_SPAWN_DUP2, from_browser, 4),
                (os.POSIX_SPAWN_DUP2, null, 1),
                (os.POSIX_SPAWN_DUP2, null, 2),
            ],
        )
        for descriptor in (to_browser, from_browser, null):
            os.close(descriptor)
        self._buffer, self._number = b"", 0
        self._session: str | None = None
        self.requests: list[str] = []
        self.messages: list[str] = []
        self._loaded = False

    def __enter__(self) -> Self:
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        found = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = found["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._out)
        os.close(self._in)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process, signal.SIGTERM)
        os.waitpid(self._process, 0)

    def open(self, page: Path, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        """Opens a file in a window of a size, and waits until it is there."""
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])
        self._loaded = False
        self.ask("Page.navigate", url=page.resolve().as_uri())
        deadline = time.monotonic() + _PATIENCE
        while not self._loaded:
            self._take(deadline)

    def value_of(self, expression: str) -> Any:
        """The value of an expression in the page."""
        found = self.ask(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def picture(self) -> bytes:
        """The whole page as a PNG."""
        found = self.ask("Page.captureScreenshot", captureBeyondViewport=True, format="png")
        return base64.b64decode(found["data"])

    def printed(self) -> bytes:
        """The page as a PDF."""
        found = self.ask("Page.printToPDF", printBackground=True, paperWidth=8.27, paperHeight=11.7)
        return base64.b64decode(found["data"])

    def ask(self, method: str, **parameters: Any) -> Mapping[str, Any]:
        """Asks the browser, and waits for its answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + _PATIENCE
        while True:
            answer = self._take(deadline)
            if answer.get("id") == self._number:
                assert "error" not in answer, answer["error"]
                result: Mapping[str, Any] = answer["result"]
                return result

    def _take(self, deadline: float) -> Mapping[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._in], [], [], max(deadline - time.monotonic(), 0))
            if not ready:
                raise TimeoutError("the browser does not answer")
            content = os.read(self._in, 1 << 20)
            if not content:
                raise EOFError("the browser has ended")
            self._buffer += content
        text, _, self._buffer = self._buffer.partition(b"\0")
        message: Mapping[str, Any] = json.loads(text)
        self._hear(message.get("method"), message.get("params", {}))
        return message

    def _hear(self, method: str | None, told: Mapping[str, Any]) -> None:
        if method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif method == "Runtime.consoleAPICalled":
            self.messages.append(f"console: {[item.get('value') for item in told['args']]}")
        elif method == "Runtime.exceptionThrown":
            self.messages.append(f"exception: {told['exceptionDetails'].get('text')}")
        elif method == "Log.entryAdded":
            self.messages.append(f"{told['entry']['level']}: {told['entry']['text']}")
