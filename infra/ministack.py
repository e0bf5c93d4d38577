"""MiniStack, the embedded local cloud: all that is its own, and nothing that AWS or LocalStack have too.

Run as a program (`python -m infra.ministack`), this module is the local cloud's process: MiniStack's
server with some things added, and one that it keeps for less long.

- Snapshots. MiniStack saves its state on a clean stop only; here a forked copy of the process saves
  table and queues every few seconds while they change, and everything when asked to.
- Logs. MiniStack keeps every line of every invocation in memory for ever; here they go to a file
  for each function.
- A lifeline. The process stops by itself when its parent is gone, whatever became of that.
- A closed door. MiniStack answers the pages of any site, to which the credentials of this machine are no
  secret; has routes that ask for none, one of which deletes everything; and takes forms that nobody signed.
- A look at the disk before something is stored. Where an object can't be written, MiniStack says that it
  is stored, and keeps it in memory alone.
- Rights to objects with a line break in their key, which MiniStack takes for none that a `*` stands for.
- Another Python for the functions, where one is named: then they have their zips and layers, and nothing
  of this environment.
- A note of each right that a function uses, where a file for them is named.
- A watch over the functions' workers. They would outlive a local cloud that is killed, go on with
  their photos, and write what they found into the next one, which knows nothing of their places.

Environment, measurements and traps: MiniStack 1.5.33. `tests/integration/test_ministack.py` pins what
is relied on.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from .clients import ACCESS_KEY, SECRET_KEY
from .errors import StartError

if TYPE_CHECKING:
    from .data_folder import DataFolder

START_SECONDS = 300.0  # with hundreds of thousands of objects on disk it takes its time
STOP_SECONDS = 60.0  # saving 100,000 photos takes several seconds
SNAPSHOT_SECONDS = 3.0  # between snapshots, at least
SNAPSHOT_SHARE = 20  # and at least so many times as long as a snapshot takes
SNAPSHOT_LIMIT_SECONDS = 60.0  # a snapshot that takes longer has hung
LOG_BYTES = 20_000_000  # a log that is longer is begun anew at the next start, and the old one kept beside it
RESERVE_BYTES = 100_000_000  # of the disk, which photos may not take: snapshots need room,
MEDIA_RESERVE_BYTES = 20_000_000  # and what is made of those photos that were taken
SAVE_ALL = "save"  # what the parent writes to have everything saved
TRANSACTION_SECONDS = 30  # that a transaction may come a second time: longer than any client waits for an answer
HEALTH = "/_ministack/health"
RIGHTS_VARIABLE = "CAPTIONARY_RIGHTS_USED"  # a file that takes the rights which functions use; tests compare them
BROWSERS_HEADERS = {b"origin", b"sec-fetch-site"}
_OWN_NAMES = re.compile(r"(127\.[0-9.]+|\[::1\]|([a-z0-9.-]+\.)?localhost(\.localstack\.cloud)?)(:[0-9]+)?")
FUNCTIONS_KEYS = "ASIA"  # how temporary access keys begin: functions sign with those of their roles
TABLE_WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem")

Asgi = Callable[[Any, Any, Any], Awaitable[None]]


# In place of 503, which clients take for something that passes by itself, and try again.
FULL = (
    b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>InsufficientStorage</Code>'
    b"<Message>The disk of the gallery is full. Make room on it, and try again.</Message></Error>"
)


class MiniStack:
    """A local cloud as a child process, with all its state in one folder."""

    name = "local cloud"

    def __init__(
        self,
        data: DataFolder,
        port: int,
        site: str = "",
        python: Path | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """A local cloud that is not started yet.

        Args:
            site: host and port of the gallery, which S3's addresses are signed for.
            python: what runs the functions, if not this process' own Python with all that is installed for it.
            variables: more of them for the functions' environment.
        """
        self._data = data
        self.port = port
        self._site = site
        self._python = python
        self._variables = variables or {}
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
        # Layers are unpacked here for each worker and never removed.
        shutil.rmtree(self._data.temporary, ignore_errors=True)
        self._data.temporary.mkdir(parents=True)
        for path in self._data.logs.glob("*.log"):
            if path.stat().st_size > LOG_BYTES:
                path.replace(path.with_suffix(".log.old"))
        with (self._data.logs / "ministack.log").open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "infra.ministack"],
                cwd=Path(__file__).parent.parent,
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,  # Ctrl-C is for the parent, who stops things in order
                pass_fds=[self._data.lock],  # the folder is taken for as long as anyone writes to it
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise StartError(f"The local cloud did not start; {self._data.logs / 'ministack.log'} says why.")
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
            with urllib.request.urlopen(self.endpoint + HEALTH, timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _environment(self) -> dict[str, str]:
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
            "STATE_DIR": str(self._data.state),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self._data.objects),
            "TMPDIR": str(self._data.temporary),
            "LOG_LEVEL": "WARNING",  # at INFO it writes each function's output once more
            "IOT_MTLS_ENABLED": "0",  # listeners that nobody here needs
            "SFTP_ENABLED": "0",
            "FUNCTION_LOGS": str(self._data.logs),
            "SITE": self._site,
            "FUNCTIONS_PYTHON": str(self._python or ""),
            "RIGHTS_USED": os.environ.get(RIGHTS_VARIABLE, ""),
            "NO_PROXY": "127.0.0.1,localhost",
            "PYTHONUNBUFFERED": "1",
            # Two workers share the machine: one thread each, and little memory set aside for more.
            "OMP_NUM_THREADS": "1",
            "MALLOC_ARENA_MAX": "2",
            **self._variables,  # workers inherit what this process has
        }


def free_port(preferred: int | None = None, but_not: int | None = None) -> int:
    """A port of 127.0.0.1 that nobody listens on: the preferred one if that is free, and never `but_not`."""
    while True:
        wanted = preferred if preferred != but_not and preferred else 0
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                preferred = None
                continue
            found = int(probe.getsockname()[1])
        if found != but_not:
            return found


def claim_port(preferred: int, but_not: int) -> tuple[int, int]:
    """A free port for the life of this process, which no other gallery of this machine will choose meanwhile.

    That nobody listens on a port yet says little: another gallery may have found it free a moment ago, and
    whoever comes second would put its photos into the other's cloud.

    Returns: the port, and the file descriptor that holds the claim until it is closed.
    """
    wanted: int | None = preferred
    while True:
        port = free_port(wanted, but_not)
        wanted = None
        claimed = claim(port)
        if claimed is not None:
            return port, claimed


def claim(port: int) -> int | None:
    """Keep other galleries of this machine from a local cloud on this port.

    Returns: the file descriptor that does so until it is closed; none where another gallery has one.
    """
    with contextlib.suppress(OSError):  # claimed, or the file is another user's
        path = Path(tempfile.gettempdir()) / f"captionary-port-{port}.lock"
        claimed = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(claimed, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(claimed)
            raise
        return claimed
    return None


def damaged_state(state: Path) -> list[Path]:
    """Files of saved state that can't be read, as a full disk or a broken one may leave them."""
    damaged = []
    for path in sorted(state.glob("*.json")):
        try:
            json.loads(path.read_bytes())
        except (OSError, ValueError):
            damaged.append(path)
    return damaged


def set_state_aside(state: Path) -> Path:
    """Move all saved state out of the way; where it went."""
    aside = state.with_name(f"state-damaged-{time.strftime('%Y%m%d-%H%M%S')}")
    state.rename(aside)
    state.mkdir(mode=0o700)
    return aside


# The process itself


def main() -> None:
    """Run MiniStack's server with snapshots, logs and the lifeline."""
    _let_no_worker_outlive_this_process()
    from ministack import app
    from ministack.core import iam_evaluator, lambda_runtime
    from ministack.services import dynamodb, lambda_svc, s3

    lambda_svc._emit_lambda_logs = _function_log_writer(Path(os.environ["FUNCTION_LOGS"]))
    # It keeps the whole of each transaction, in case it comes twice: for minutes, which a drop of many photos fills.
    dynamodb._TXN_TOKEN_TTL = TRANSACTION_SECONDS
    lambda_svc._emit_lambda_metrics = lambda *args, **kwargs: None  # it would keep them all in memory
    s3.handle_request = refusing_when_full(s3.handle_request, Path(os.environ["S3_DATA_DIR"]))
    iam_evaluator.fnmatch_iam_cs = minding_line_breaks(iam_evaluator.fnmatch_iam_cs)
    if python := os.environ["FUNCTIONS_PYTHON"]:
        lambda_runtime._detect_runtime_binary = lambda runtime: (python, lambda_runtime._PYTHON_WORKER_SCRIPT)
    if rights := os.environ["RIGHTS_USED"]:
        iam_evaluator.evaluate = noting_rights(iam_evaluator.evaluate, Path(rights))
    snapshots = _Snapshots(app)
    dynamodb.handle_request = snapshots.noticing_writes(dynamodb.handle_request)
    app.save_all = snapshots.before_the_last_save(app.save_all)
    app.app = _for_programs_alone(app.app)
    s3._enforce_post_policy_size = lambda *_: _access_denied(s3)  # of forms without a signature
    s3._enforce_signed_post_policy = _signed_by_a_function(s3, s3._enforce_signed_post_policy)
    threading.Thread(target=snapshots.run, daemon=True, name="snapshots").start()
    threading.Thread(target=_hold_lifeline, args=(sys.stdin, snapshots), daemon=True, name="lifeline").start()
    # A request waits for the interpreter while another thread has it, by default for up to 5 ms, and a
    # photo takes a dozen requests.
    sys.setswitchinterval(0.0005)
    sys.argv = sys.argv[:1]
    app.main()


def minding_line_breaks(matches: Callable[[str, str], bool]) -> Callable[[str, str], bool]:
    """What tells whether a pattern of a policy stands for a resource, with line breaks no other than any letter."""
    return lambda value, pattern: matches(value.replace("\n", " "), pattern)


def noting_rights(evaluate: Callable[..., Any], file: Path) -> Callable[..., Any]:
    """What judges a call, with a note of each that a function makes: role, action and resource, once each."""
    noted: set[str] = set()

    def judge(context: Any, *more: Any) -> Any:
        if context.principal_type == "AssumedRole":
            # Of an object's key, the folder says enough.
            resource = re.sub(r"(:::[^/]+/[^/]+/).*", r"\1*", context.resource_arn, flags=re.DOTALL)
            resource = re.sub(r"(:::[^/]+/)[^/]+$", r"\1*", resource)
            line = json.dumps([context.principal_arn, context.action, resource])
            if line not in noted:
                noted.add(line)
                with file.open("a") as out:
                    out.write(f"{line}\n")
        return evaluate(context, *more)

    return judge


def refusing_when_full(handle: Callable[..., Any], folder: Path) -> Callable[..., Any]:
    """S3's request handler, which takes nothing that the disk of this folder has no room for."""

    async def refusing(method: str, path: str, headers: dict[str, str], body: bytes, query: Any, **more: Any) -> Any:
        if _stores(method, path, query):
            reserve = MEDIA_RESERVE_BYTES if "-media-" in path.split("/")[1] else RESERVE_BYTES
            if shutil.disk_usage(folder).free < reserve + len(body):
                return 507, {"Content-Type": "application/xml"}, FULL
        return await handle(method, path, headers, body, query, **more)

    return refusing


def _stores(method: str, path: str, query: Any) -> bool:
    """Whether a request of S3 puts an object somewhere; a form is posted to the bucket itself."""
    is_object = bool(path.strip("/").partition("/")[2])
    return (method == "PUT" and is_object) or (method == "POST" and "delete" not in query)


def _let_no_worker_outlive_this_process() -> None:
    """Leave a copy of this process to wait for its end, and then to end all of its group."""
    reading, writing = os.pipe()  # the system closes it, however this process ends
    if os.fork() == 0:
        os.close(writing)
        os.read(reading, 1)
        os.killpg(0, signal.SIGKILL)
    os.close(reading)
    os.register_at_fork(after_in_child=lambda: os.close(writing))


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
        self._child = 0  # process id of the copy that is saving
        self._is_ending = False

    def noticing_writes(self, handle: Callable[..., Any]) -> Callable[..., Any]:
        """DynamoDB's request handler, with an eye on whether there is something new to save."""

        async def noticing(method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Any:
            if headers.get("x-amz-target", "").endswith(TABLE_WRITES):
                self._changed = True
            return await handle(method, path, headers, body, query)

        return noticing

    def before_the_last_save(self, save: Callable[..., None]) -> Callable[..., None]:
        """MiniStack's own saving at its end, with the snapshots stopped first: none may come after it."""

        def save_last(services: Any) -> None:
            # This runs in the event loop's thread, so no copy can be forked from here on.
            self._is_ending = True
            self._end_child()
            while self._child:
                time.sleep(0.01)
            save(services)

        return save_last

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
            everything, changed, queues = self._everything, self._changed, self._queue_depths()
            if not (everything or changed or queues != self._queues):
                continue
            self._everything = self._changed = False
            started = time.monotonic()
            if self._save(None if everything else ("dynamodb", "sqs")):
                self._queues = queues
            else:
                self._everything, self._changed = self._everything or everything, True
                logging.getLogger("snapshots").warning("A snapshot could not be saved; it is tried again.")
            if not everything:
                pause = max(SNAPSHOT_SECONDS, SNAPSHOT_SHARE * (time.monotonic() - started))

    def _queue_depths(self) -> list[tuple[str, int]]:
        from ministack.services import sqs

        return [(str(key), len(queue["messages"])) for key, queue in list(sqs._queues._data.items())]

    def _save(self, services: tuple[str, ...] | None) -> bool:
        """Have a copy of the process save these services, or all; whether it did."""
        done = threading.Event()

        def fork() -> None:
            if not self._is_ending:
                self._child = os.fork()
                if self._child == 0:
                    _save_and_exit(self._app, services)
            done.set()

        # Forked in the event loop's own thread, between two requests, the copy sees no request half done.
        self._app._MAIN_LOOP.call_soon_threadsafe(fork)
        done.wait()
        if not self._child:
            return False
        limit = threading.Timer(SNAPSHOT_LIMIT_SECONDS, self._end_child)
        limit.start()
        _, status = os.waitpid(self._child, 0)
        limit.cancel()
        self._child = 0
        return status == 0

    def _end_child(self) -> None:
        if self._child:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGKILL)


def _save_and_exit(app: Any, services: tuple[str, ...] | None) -> None:
    """What the forked copy does: save beside what was saved before, then put it in its place, and be gone."""
    try:
        from ministack.core import persistence

        state = Path(persistence.STATE_DIR)
        beside = state / "snapshot"
        shutil.rmtree(beside, ignore_errors=True)
        persistence.STATE_DIR = str(beside)
        getters = app._build_persistence_save_dict()
        wanted = {name: getters[name] for name in services or getters if name in getters}
        persistence.save_all(wanted)
        saved = sorted(beside.glob("*.json"))
        for file in saved:
            file.replace(state / file.name)
        os._exit(0 if saved else 1)
    finally:
        os._exit(1)


def _for_programs_alone(serve: Asgi) -> Asgi:
    """MiniStack's server, for programs that have credentials, and for what needs none on AWS."""

    async def serve_programs(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] == "http" and not _is_for_here(scope):
            await send({"type": "http.response.start", "status": 403, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body"})
        else:
            await serve(scope, receive, send)

    return serve_programs


def _is_for_here(scope: Any) -> bool:
    """Whether a request comes from a program, by this machine's name, and with credentials where it needs some."""
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    path: str = scope["path"]
    host = headers.get(b"host", "").lower()
    if headers.keys() & BROWSERS_HEADERS or not (_OWN_NAMES.fullmatch(host) or host == os.environ["SITE"]):
        return False
    if path == HEALTH:
        return True
    if path.startswith("/_"):
        return False
    is_form = scope["method"] == "POST" and headers.get(b"content-type", "").startswith("multipart/form-data")
    is_api = path.startswith("/restapis/") and "/_user_request_" in path
    return is_form or is_api or b"authorization" in headers or b"Signature=" in scope["query_string"]


def _signed_by_a_function(s3: Any, check: Callable[..., Any]) -> Callable[..., Any]:
    """S3's check of signed forms, for those that a function signed.

    The front door lets forms in from outside, and the credentials of this machine are known to everyone.
    """

    def checked(fields: dict[str, str], *more: Any) -> Any:
        is_by_function = fields.get("x-amz-credential", "").startswith(FUNCTIONS_KEYS)
        return check(fields, *more) if is_by_function else _access_denied(s3)

    return checked


def _access_denied(s3: Any) -> Any:
    return s3._error("AccessDenied", "Access Denied", 403)


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
