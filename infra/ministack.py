"""MiniStack, the embedded local cloud: all that is its own, and nothing that AWS or LocalStack have too.

Run as a program (`python -m infra.ministack`), this module is the local cloud's process: MiniStack's
server with three things added.

- Snapshots. MiniStack saves its state on a clean stop only; here a forked copy of the process saves
  table and queues every few seconds while they change, and everything when asked to.
- Logs. MiniStack keeps every line of every invocation in memory for ever; here they go to a file
  for each function.
- A lifeline. The process stops by itself when its parent is gone, whatever became of that.

Environment, measurements and traps: MiniStack 1.5.33. `tests/integration/test_ministack.py` pins what
is relied on.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from .clients import ACCESS_KEY, SECRET_KEY
from .errors import StartError

if TYPE_CHECKING:
    pass

START_SECONDS = 60.0
STOP_SECONDS = 60.0  # saving 100,000 photos takes several seconds
SNAPSHOT_SECONDS = 3.0  # between snapshots, at least
SNAPSHOT_SHARE = 20  # and at least so many times as long as a snapshot takes
SNAPSHOT_LIMIT_SECONDS = 60.0  # a snapshot that takes longer has hung
LOG_BYTES = 20_000_000  # a log that is longer is begun anew at the next start, and the old one kept beside it
SAVE_ALL = "save"  # what the parent writes to have everything saved
TABLE_WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem")


class MiniStack:
    """A local cloud as a child process, with all its state in one folder."""

    def __init__(self, folder: Path, logs: Path, port: int) -> None:
        self.folder = folder
        self.logs = logs
        self.port = port
        self.endpoint = f"http://127.0.0.1:{port}"
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        """The process id, while it runs."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it, and return when it answers.

        Raises:
            StartError: it did not start.
        """
        temporary = self.folder / "tmp"  # layers are unpacked here for each worker and never removed
        _empty(temporary)
        for name in ("state", "s3"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.logs.mkdir(parents=True, exist_ok=True)
        for path in self.logs.glob("*.log"):
            if path.stat().st_size > LOG_BYTES:
                path.replace(path.with_suffix(".log.old"))
        with (self.logs / "ministack.log").open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "infra.ministack"],
                cwd=Path(__file__).parent.parent,
                env=self._environment(temporary),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,  # Ctrl-C is for the parent, who stops things in order
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise StartError(f"The local cloud did not start; {self.logs / 'ministack.log'} says why.")
            time.sleep(0.05)

    def died(self) -> bool:
        """Whether it ended without being asked to."""
        return self._process is not None and self._process.poll() is not None

    def save_all(self) -> None:
        """Ask for a snapshot of everything, stack and functions included; returns at once."""
        assert self._process is not None
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(SAVE_ALL + "\n")
            self._process.stdin.flush()

    def stop(self) -> bool:
        """Stop it in order, everything saved.

        Returns: whether it did so in time; if not, it was killed.
        """
        if self._process is None:
            return True
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            return False
        self._close()
        return True

    def kill(self) -> None:
        """End it at once, its workers included."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._close()

    def _close(self) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _environment(self, temporary: Path) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL") if name in os.environ}
        return {
            **inherited,
            "AUTH": "true",  # test/test and nobody else; and the functions have their roles' rights alone
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self.folder / "state"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self.folder / "s3"),
            "TMPDIR": str(temporary),
            "LOG_LEVEL": "WARNING",  # at INFO it writes each function's output once more
            "IOT_MTLS_ENABLED": "0",  # listeners that nobody here needs
            "SFTP_ENABLED": "0",
            "FUNCTION_LOGS": str(self.logs),
            "NO_PROXY": "127.0.0.1,localhost",
            "PYTHONUNBUFFERED": "1",
            # Two workers share the machine: one thread each, and little memory set aside for more.
            "OMP_NUM_THREADS": "1",
            "MALLOC_ARENA_MAX": "2",
        }


def free_port(preferred: int | None = None) -> int:
    """A port of 127.0.0.1 that nobody listens on: the preferred one if that is free."""
    for port in ([preferred] if preferred else []) + [0]:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise StartError("There is no free port on 127.0.0.1.")


def damaged_state(folder: Path) -> list[Path]:
    """Files of saved state that can't be read, as a full disk or a broken one may leave them."""
    damaged = []
    for path in sorted((folder / "state").glob("*.json")):
        try:
            json.loads(path.read_bytes())
        except (OSError, ValueError):
            damaged.append(path)
    return damaged


def set_state_aside(folder: Path) -> Path:
    """Move all saved state but the objects out of the way; where it went."""
    aside = folder / f"state-damaged-{time.strftime('%Y%m%d-%H%M%S')}"
    (folder / "state").rename(aside)
    return aside


def _empty(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


# The process itself


def main() -> None:
    """Run MiniStack's server with snapshots, logs and the lifeline."""
    from ministack import app
    from ministack.services import dynamodb, lambda_svc

    lambda_svc._emit_lambda_logs = _function_log_writer(Path(os.environ["FUNCTION_LOGS"]))
    lambda_svc._emit_lambda_metrics = lambda *args, **kwargs: None  # it would keep them all in memory
    snapshots = _Snapshots(app)
    dynamodb.handle_request = snapshots.noticing_writes(dynamodb.handle_request)
    threading.Thread(target=snapshots.run, daemon=True, name="snapshots").start()
    threading.Thread(target=_hold_lifeline, args=(sys.stdin, snapshots), daemon=True, name="lifeline").start()
    sys.setswitchinterval(0.0005)
    sys.argv = sys.argv[:1]
    app.main()


def _hold_lifeline(parent: IO[str], snapshots: _Snapshots) -> None:
    for line in parent:
        if line.strip() == SAVE_ALL:
            snapshots.ask_for_everything()
    os.kill(os.getpid(), signal.SIGTERM)


class _Snapshots:
    """Saves MiniStack's state from a forked copy of its process, so that requests don't wait for it."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._changed = False
        self._everything = False
        self._wake = threading.Event()
        self._queues: Any = None

    def noticing_writes(self, handle: Callable[..., Any]) -> Callable[..., Any]:
        """DynamoDB's request handler, with an eye on whether there is something new to save."""

        async def noticing(method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Any:
            if headers.get("x-amz-target", "").endswith(TABLE_WRITES):
                self._changed = True
            return await handle(method, path, headers, body, query)

        return noticing

    def ask_for_everything(self) -> None:
        """Save all services' state, soon."""
        self._everything = True
        self._wake.set()

    def run(self) -> None:
        """Save again and again, for the life of the process."""
        pause = SNAPSHOT_SECONDS
        while True:
            self._wake.wait(pause)
            self._wake.clear()
            everything, self._everything = self._everything, False
            queues = self._queue_depths()
            if not (everything or self._changed or queues != self._queues):
                continue
            self._changed, self._queues = False, queues
            started = time.monotonic()
            if everything:
                self._save(None)
            else:
                self._save(("dynamodb", "sqs"))
                pause = max(SNAPSHOT_SECONDS, SNAPSHOT_SHARE * (time.monotonic() - started))

    def _queue_depths(self) -> list[tuple[str, int]]:
        from ministack.services import sqs

        return [(str(key), len(queue["messages"])) for key, queue in list(sqs._queues._data.items())]

    def _save(self, services: tuple[str, ...] | None) -> None:
        # Forked in the event loop's own thread, between two requests, the copy sees no request half done.
        loop = self._app._MAIN_LOOP
        forked: list[int] = []
        done = threading.Event()

        def fork() -> None:
            child = os.fork()
            if child == 0:
                _save_and_exit(self._app, services)
            forked.append(child)
            done.set()

        loop.call_soon_threadsafe(fork)
        if not done.wait(SNAPSHOT_LIMIT_SECONDS):
            return
        deadline = time.monotonic() + SNAPSHOT_LIMIT_SECONDS
        while os.waitpid(forked[0], os.WNOHANG) == (0, 0):
            if time.monotonic() > deadline:
                os.kill(forked[0], signal.SIGKILL)
                os.waitpid(forked[0], 0)
                self._changed = True
                return
            time.sleep(0.01)


def _save_and_exit(app: Any, services: tuple[str, ...] | None) -> None:
    """What the forked copy does: save, quietly, and be gone without any clean-up that is not its own."""
    try:
        from ministack.core import persistence

        state = app._build_persistence_save_dict()
        persistence.save_all({name: state[name] for name in services or state if name in state})
        os._exit(0)
    finally:
        os._exit(1)


def _function_log_writer(folder: Path) -> Callable[..., None]:
    """Replaces MiniStack's writer: a function's lines go to `<folder>/<function>.log`."""
    lock = threading.Lock()

    def write(func: dict[str, Any], request_id: str, log_text: str, error: bool, duration_ms: int, **_: Any) -> None:
        name = re.sub(r"[^\w-]", "_", (func.get("config") or func).get("FunctionName", "unknown"))
        verdict = "failed" if error else "done"
        with lock, (folder / f"{name}.log").open("a") as file:
            file.write(f"{log_text}\n" if log_text else "")
            file.write(
                f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {request_id} {verdict}, {duration_ms} ms\n"
            )

    return write


if __name__ == "__main__":
    main()
