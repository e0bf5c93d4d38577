"""Start everything, keep it running, stop it in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
import webbrowser
from pathlib import Path
from types import FrameType

import click
from botocore.exceptions import BotoCoreError, ClientError

from captionary.errors import PackError
from captionary.packs import load
from captionary.reconcile import Report

from . import front_door
from .clients import REGION, Clients, connect, ignore_personal_settings
from .data_folder import DataFolder
from .deploy import ROOT, deploy
from .errors import StartError
from .ministack import MiniStack, damaged_state, free_port, set_state_aside
from .recover import RecoveryError, recover

PACKS = ROOT / "layers" / "resnet50" / "packs"
CLOUD_PORT = 4566  # LocalStack's, which clients try first
RESTART_PAUSES = (0.0, 1.0, 5.0, 15.0)  # seconds before each new start of what died; then give up
STEADY_SECONDS = 60.0  # after so long without a death, the count begins anew


class Stop(BaseException):
    """Somebody asked the gallery to stop. Whoever handles errors shall not take it for one."""


class Supervisor:
    """The local cloud and the front door, as one gallery."""

    def __init__(self, data: DataFolder, port: int, pack: Path) -> None:
        self._data = data
        self._port = port
        self._pack = pack
        self.site = f"http://127.0.0.1:{port}/"
        last = data.endpoints().get("aws_endpoint", "")
        preferred = last.rpartition(":")[2]
        self._cloud = MiniStack(data, free_port(int(preferred) if preferred.isdigit() else CLOUD_PORT, but_not=port))
        self._door: subprocess.Popen[str] | None = None
        self._endpoints: dict[str, str] = {}

    def start(self) -> None:
        """Bring everything up, and return when the page answers.

        Raises:
            StartError: something could not be started.
        """
        self._start_cloud()
        self._start_door()

    def watch(self) -> None:
        """Start again what dies.

        Raises:
            StartError: it dies again and again.
        """
        deaths, last_death = 0, 0.0
        while True:
            time.sleep(0.2)
            dead = [
                name
                for name, is_dead in (("local cloud", self._cloud.died()), ("front door", self._door_died()))
                if is_dead
            ]
            if not dead:
                continue
            deaths = deaths + 1 if time.monotonic() - last_death < STEADY_SECONDS else 0
            last_death = time.monotonic()
            if deaths >= len(RESTART_PAUSES):
                raise StartError(f"The {dead[0]} dies again and again; the logs in {self._data.logs} say why.")
            say(f"The {' and the '.join(dead)} died; starting again.")
            time.sleep(RESTART_PAUSES[deaths])
            self._stop_door()
            if "local cloud" in dead:
                self._cloud.kill()
                self._start_cloud()
            self._start_door()
            say("Running again.")

    def stop(self) -> None:
        """Stop everything, the state saved."""
        self._stop_door()
        if not self._cloud.stop():
            say("The local cloud did not stop in time and was ended; the next start restores what it had not saved.")

    def _start_cloud(self) -> None:
        if broken := damaged_state(self._data.state):
            aside = set_state_aside(self._data.state)
            names = ", ".join(path.name for path in broken)
            say(f"Saved state was damaged ({names}) and moved to {aside}; the gallery is rebuilt from its buckets.")
        self._cloud.start()
        clients = connect(self._cloud.endpoint)
        try:
            outputs = deploy(clients, self._pack, {"PublicS3Endpoint": self.site.rstrip("/")})
        except (BotoCoreError, ClientError) as exc:
            raise StartError(f"The local cloud refused to deploy template.yaml: {exc}") from exc
        self._endpoints = {
            "site": self.site,
            "api": f"{self.site}api",
            "aws_endpoint": self._cloud.endpoint,
            "region": REGION,
            "images_bucket": outputs["ImagesBucketName"],
            "media_bucket": outputs["MediaBucketName"],
            "table": outputs["TableName"],
            "ingest_queue": outputs["IngestQueueUrl"],
            "dead_letter_queue": outputs["DeadLetterQueueUrl"],
        }
        self._api_gateway = f"{self._cloud.endpoint}/restapis/{outputs['ApiId']}/api/_user_request_"
        self._data.write_endpoints(self._endpoints)
        self._cloud.save_all()
        threading.Thread(
            target=_settle_in, args=(clients, self._endpoints, outputs["CaptionFunctionName"]), daemon=True
        ).start()

    def _start_door(self) -> None:
        behind = front_door.Behind(
            self.site,
            self._api_gateway,
            self._endpoints["aws_endpoint"],
            self._endpoints["images_bucket"],
            self._endpoints["media_bucket"],
        )
        with (self._data.logs / "front-door.log").open("a") as log:
            self._door = subprocess.Popen(
                [sys.executable, "-m", "infra.front_door", str(self._port), front_door.configuration(behind)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        deadline = time.monotonic() + 20
        while not self._page_answers():
            if self._door.poll() is not None or time.monotonic() > deadline:
                raise StartError(f"The front door did not open; {self._data.logs / 'front-door.log'} says why.")
            time.sleep(0.05)

    def _page_answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.site, timeout=5) as answer:
                return bool(answer.headers.get("Content-Security-Policy") == front_door.PAGE_POLICY)
        except OSError:
            return False

    def _door_died(self) -> bool:
        return self._door is not None and self._door.poll() is not None

    def _stop_door(self) -> None:
        if self._door is None:
            return
        self._door.terminate()
        try:
            self._door.wait(5)
        except subprocess.TimeoutExpired:
            self._door.kill()
            self._door.wait()
        assert self._door.stdin is not None
        self._door.stdin.close()


def _settle_in(clients: Clients, endpoints: dict[str, str], caption_function: str) -> None:
    """What may happen once the gallery is open: load the network, and look whether anything was lost."""
    try:
        clients.lambda_.invoke(FunctionName=caption_function, InvocationType="Event", Payload=b"{}")
        report = recover(clients, endpoints)
    except (BotoCoreError, ClientError, RecoveryError) as exc:
        # Perhaps because the local cloud died: then the watcher starts it again, and this too.
        say(f"The look for photos that may have been lost was broken off; the next start looks again. ({exc})")
        return
    if report.restored or report.queued or report.removed:
        say(_found(report))


def _found(report: Report) -> str:
    return (
        f"Put in order after the last run: {report.restored} photos restored, "
        f"{report.queued} queued to be captioned, {report.removed} taken out whose files are gone."
    )


def choose_pack(model: str) -> Path:
    """The folder of the pack that `--model` means.

    Raises:
        StartError: there is none.
    """
    if model == "auto":
        folder = PACKS / ("imagenet" if (PACKS / "imagenet").is_dir() else "starter")
    elif model in ("imagenet", "starter"):
        folder = PACKS / model
    else:
        folder = Path(model)
    if model == "imagenet" and not folder.is_dir():
        raise StartError("The imagenet pack is not built yet; build it with: scripts/captionary pack imagenet")
    try:
        load(folder)
    except PackError as exc:
        raise StartError(f"--model {model}: {exc}.") from exc
    return folder


def check_port(port: int) -> None:
    """Raise StartError if the port is taken."""
    if free_port(port) != port:
        raise StartError(
            f"Port {port} is taken by another program. Choose another, for instance: scripts/run --port {port + 1}"
        )


def say(text: str) -> None:
    """A line for the person at the terminal."""
    click.echo(text)
    sys.stdout.flush()


def _has_screen() -> bool:
    """Whether a browser would open a window, rather than take the terminal over."""
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _stop_on(signum: int, frame: FrameType | None) -> None:
    raise Stop


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True, help="Port of the gallery.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=ROOT / ".captionary",
    help="Folder that holds everything.  [default: .captionary]",
)
@click.option(
    "--model",
    default="auto",
    show_default=True,
    metavar="auto|imagenet|starter|PATH",
    help="The pack that captions.",
)
@click.option("--open/--no-open", "open_page", default=True, help="Open the page in a browser.")
def main(port: int, data: Path, model: str, open_page: bool) -> None:
    """Start the gallery on this machine, for this machine only. Ctrl-C stops it."""
    ignore_personal_settings()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop_on)
    folder = DataFolder(data)
    supervisor: Supervisor | None = None
    try:
        pack = choose_pack(model)
        folder.open()
        check_port(port)
        supervisor = Supervisor(folder, port, pack)
        supervisor.start()
        say(f"Gallery: {supervisor.site}")
        if open_page and _has_screen():
            webbrowser.open(supervisor.site)
        supervisor.watch()
    except Stop:
        say("Stopping.")
    except StartError as exc:
        click.echo(str(exc), err=True)
        sys.exit(1)
    except OSError as exc:
        click.echo(f"The gallery can't go on: {exc}. The logs in {folder.logs} may say more.", err=True)
        sys.exit(1)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if supervisor is not None:
            supervisor.stop()
        folder.close()
