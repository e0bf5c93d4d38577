"""A gallery in processes of its own, for tests and benchmarks: what `scripts/run` starts, and ways to talk to it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeVar

from captionary import identity

from .clients import Clients, connect
from .data_folder import DataFolder
from .deploy import ROOT
from .servers import Site

PATIENCE_SECONDS = 60.0

T = TypeVar("T")


def eventually(look: Callable[[], T | None], seconds: float = PATIENCE_SECONDS) -> T:
    """What `look` gives, once it gives something true."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)


@dataclass
class Answer:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


@dataclass
class RunningGallery:
    """A running gallery and its data folder."""

    data: Path
    port: int
    model: str = "starter"
    token: str = ""  # the access token, which its requests show
    options: tuple[str, ...] = ()  # more of them
    process: subprocess.Popen[str] | None = None
    endpoints: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)  # beside what this process has
    project: Path = ROOT  # whose code runs
    site: Site | None = None  # the server with TLS in front of it, which its requests go through
    said: list[str] = field(default_factory=list)  # lines since the start, but for those that were waited for

    def start(self) -> None:
        """Start it, and return when it says that it is open."""
        self.launch()
        self.wait_for_line("Gallery: ")
        self.endpoints = json.loads((self.data / "endpoints.json").read_text())

    def launch(self) -> None:
        """Start it, and don't wait."""
        self.said = []
        paths = (self.project, self.project / "layers/core/python")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "infra", "--no-open"),
                *("--port", str(self.port), "--data", str(self.data), "--model", self.model, *self.options),
            ],
            cwd=self.project,
            env={
                **os.environ,
                "CAPTIONARY_TOKEN": self.token,
                **self.environment,
                "PYTHONPATH": os.pathsep.join(map(str, paths)),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout is not None
        threading.Thread(target=self._listen, args=(self.process.stdout, self.said), daemon=True).start()

    def wait_for_line(self, beginning: str, seconds: float = PATIENCE_SECONDS) -> str:
        """A line of the terminal that begins so, and that nobody waited for before."""
        assert self.process is not None
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            has_ended = self.process.poll() is not None
            for line in list(self.said):
                if line.startswith(beginning):
                    self.said.remove(line)
                    return line
            assert not has_ended, self.said
            time.sleep(0.02)
        raise AssertionError(f"no line {beginning!r} among {self.said}")

    @staticmethod
    def _listen(output: IO[str], said: list[str]) -> None:
        with output:
            for line in output:
                said.append(line.strip())  # noqa: PERF401 - one by one, as they come

    def stop(self) -> int:
        """Ctrl-C; the exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)

    def kill_all(self) -> None:
        """Pull the plug."""
        assert self.process is not None
        for pid in (self.process.pid, self.pid_of("infra.ministack"), self.pid_of("infra.front_door")):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def pid_of(self, module: str) -> int:
        """The process id of a child."""
        assert self.process is not None
        children = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", str(self.process.pid)], capture_output=True, text=True, check=True
        ).stdout
        [pid] = [int(line.split()[0]) for line in children.splitlines() if module in line]
        return pid

    @property
    def clients(self) -> Clients:
        return connect(self.endpoints["aws_endpoint"], backends=DataFolder(self.data).backends())

    def request(
        self, method: str, path: str, body: bytes | None = None, *, redirect: bool = True, **headers: str
    ) -> Answer:
        """An HTTP request of the front door (or of any address)."""
        base = self.site.address if self.site else f"http://127.0.0.1:{self.port}"
        address = path if path.startswith("http") else base + path
        names = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        names |= {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(address, data=body, method=method, headers=names)
        handlers: list[Any] = [] if redirect else [_NoRedirect]
        if self.site:
            trusted = ssl.create_default_context(cafile=self.site.certificate)
            handlers.append(urllib.request.HTTPSHandler(context=trusted))
        opener = urllib.request.build_opener(*handlers)
        try:
            with opener.open(request, timeout=30) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as refusal:
            with refusal:
                return Answer(refusal.code, dict(refusal.headers), refusal.read())

    def put(self, key: str, data: bytes) -> str:
        """Put an object into the images bucket as any S3 client does; the photo's id."""
        self.clients.s3.put_object(Bucket=self.endpoints["images_bucket"], Key=key, Body=data)
        return identity.image_id(key)

    def image(self, image_id: str) -> dict[str, Any] | None:
        """A photo, as the API shows it."""
        answer = self.request("GET", f"/api/images/{image_id}")
        return answer.json if answer.status == 200 else None

    def settled(self, image_id: str, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """A photo, once it is no longer pending."""

        def look() -> dict[str, Any] | None:
            image = self.image(image_id)
            return image if image and image["status"] != "pending" else None

        return eventually(look, seconds)

    def all_images(self) -> list[dict[str, Any]]:
        """Every photo of the gallery, by cursor."""
        images: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = self.request("GET", f"/api/images?limit=100{cursor}").json
            images += page["items"]
            if page["next"] is None:
                return images
            cursor = f"&cursor={page['next']}"

    def is_idle(self) -> bool:
        """Whether nothing waits in the queues."""
        queue = self.request("GET", "/api/status").json["queue"]
        return bool(queue["waiting"] == 0)
