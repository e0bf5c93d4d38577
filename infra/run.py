"""Start everything, keep it running, stop it in order."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import webbrowser
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

import click
from botocore.exceptions import BotoCoreError, ClientError

from captionary.catalog import Catalog, Upgrade
from captionary.packs import Pack
from captionary.reconcile import Report

from . import feed, front_door, recovery_log
from .access import LOOPBACK, Access, choose_access
from .backends import (
    EVENTS_TOKEN_VARIABLE,
    KEY_ID_VARIABLE,
    SECRET_KEY_VARIABLE,
    WEBHOOK,
    Backends,
    choose_backends,
    prepare,
)
from .builder import REASON_LENGTH, Builder, BuildError
from .clients import NO_OTHERS, REGION, connect, ignore_personal_settings
from .data_folder import DataFolder
from .deploy import ROOT, deploy, read_template
from .errors import StartError
from .given_cloud import GivenCloud, wheels
from .ministack import MiniStack, claim, claim_port, damaged_state, free_port, set_state_aside
from .models import STARTER, Choice, choose
from .recaption import caption_anew
from .recover import RecoveryError, recover

CLOUD_PORT = 4566  # LocalStack's, which clients try first
RESTART_PAUSES = (0.0, 1.0, 5.0, 15.0)  # seconds before each new start of what died; then give up
STEADY_SECONDS = 60.0  # after so long without a death, the count begins anew
CHANGE_PAUSES = (5.0, 15.0, 60.0)  # seconds before each new try to go over to a pack that is built; then give up
LOADS = 2  # that a network is given: the first may fail for want of memory or time while the machine is busy
ANY_SIGNER = ""  # in a cloud that is not the gallery's own, functions may have keys of any kind
TOKEN_VARIABLE = "CAPTIONARY_TOKEN"
CLOUD_ERRORS = (BotoCoreError, ClientError)


class Stop(BaseException):
    """Somebody asked the gallery to stop. Whoever handles errors shall not take it for one."""


class NotLoaded(Exception):
    """The caption function can't load its pack; the message says why, without a full stop."""


class Supervisor:
    """The local cloud and the front door, as one gallery; and the build of a better model beside them."""

    def __init__(
        self,
        data: DataFolder,
        port: int,
        choice: Choice,
        access: Access | None = None,
        given: GivenCloud | None = None,
        backends: Backends = NO_OTHERS,
    ) -> None:
        """Prepare it.

        Args:
            given: the cloud to work in, in place of the gallery's own.
            backends: servers that take the place of that one's S3 and DynamoDB.
        """
        self._data = data
        self._port = port
        self._access = access or Access()
        self._backends = backends
        self._pack = choice.pack  # the one that is deployed
        self._may_replace_starter = choice.replaces_starter or choice.better is not None
        self._builder: Builder | None = None
        self._built: Pack | None = None  # waits to take over
        self._next_try = 0.0
        self._pauses = list(CHANGE_PAUSES)
        self._upgrade: Upgrade | None = None
        self._captioning_anew = threading.Lock()
        if choice.better:
            self._builder = _builder(choice.better, data)
            self._upgrade = Upgrade(model=choice.better.name, state="preparing", reason=None)
        self.site = self._access.site(port)
        self._given = given
        self._wheels: Path | None = None  # for the functions, where the cloud has none of its own
        self._processor: dict[str, str] = {}  # as a parameter of the template
        self._cloud = self._take(given) if given else self._own_cloud()
        self._door: subprocess.Popen[str] | None = None
        self._endpoints: dict[str, str] = {}
        self._secret = ""  # ARN of the one that holds the access token

    def start(self) -> None:
        """Bring everything up, and return when the page answers.

        Raises:
            StartError: something could not be started.
        """
        self._start_cloud()
        self._start_door()

    def build(self) -> None:
        """Begin to build the model that is better than the one that captions, if there is to be any."""
        if not self._builder:
            return
        try:
            self._builder.start()
        except (BuildError, OSError) as exc:
            builder, self._builder = self._builder, None
            self._give_up(builder.out.name, str(exc))
        else:
            say(
                f"The starter model captions for now; the {self._builder.out.name} model is built beside it "
                f"(log: {_shown(self._builder.log)}). "
                "To stay with the starter: scripts/run --model starter"
            )

    def watch(self) -> None:
        """Start again what dies, and go over to the better model when it is there.

        Raises:
            StartError: it dies again and again.
        """
        deaths, last_death = 0, 0.0
        while True:
            time.sleep(0.2)
            dead = [
                name
                for name, is_dead in ((self._cloud.name, self._cloud.died()), ("front door", self._door_died()))
                if is_dead
            ]
            if not dead:
                if self._builder and self._builder.has_ended():
                    builder, self._builder = self._builder, None
                    self._collect(builder)
                if self._built and time.monotonic() >= self._next_try:
                    self._go_over(self._built)
                continue
            deaths = deaths + 1 if time.monotonic() - last_death < STEADY_SECONDS else 0
            last_death = time.monotonic()
            if deaths >= len(RESTART_PAUSES):
                raise StartError(f"The {dead[0]} dies again and again; the logs in {self._data.logs} say why.")
            say(f"The {' and the '.join(dead)} died; starting again.")
            time.sleep(RESTART_PAUSES[deaths])
            self._stop_door()
            if self._cloud.name in dead:
                self._cloud.kill()
                self._start_cloud()
            self._start_door()
            say("Running again.")

    def stop(self) -> None:
        """Stop everything, the state saved."""
        if self._builder:
            self._builder.stop()
        self._stop_door()
        if self._given:
            say(f"The gallery stays in the cloud at {self._given.endpoint}.")
        if not self._cloud.stop():
            say("The local cloud did not stop in time and was ended; the next start restores what it had not saved.")

    def _own_cloud(self) -> MiniStack:
        last = self._data.endpoints().get("aws_endpoint", "")
        preferred = last.rpartition(":")[2]
        port, self._claim = claim_port(int(preferred) if preferred.isdigit() else CLOUD_PORT, but_not=self._port)
        return MiniStack(self._data, port, urlsplit(self.site).netloc, variables=self._backends.environment())

    def _take(self, given: GivenCloud) -> GivenCloud:
        """Keep other galleries of this machine from a cloud: they would all be one stack."""
        if given.port is not None:
            claimed = claim(given.port)
            if claimed is None:
                raise StartError(f"Another gallery of this machine has the cloud at {given.endpoint}; stop it first.")
            self._claim = claimed
        return given

    def _start_cloud(self) -> None:
        if not self._given and (broken := damaged_state(self._data.state)):
            aside = set_state_aside(self._data.state)
            names = ", ".join(path.name for path in broken)
            say(f"Saved state was damaged ({names}) and moved to {aside}; the gallery is rebuilt from its buckets.")
        self._cloud.start()
        self._clients = connect(self._cloud.endpoint, backends=self._backends)
        if self._given:
            self._look_at_workers()
        outputs = self._deploy(self._pack)
        prepare(self._clients, self._backends, read_template(), outputs)
        self._caption_function = outputs["CaptionFunctionName"]
        self._endpoints = {
            "site": self.site,
            "api": f"http://{LOOPBACK}:{self._port}/api",
            "aws_endpoint": self._cloud.endpoint,
            "region": REGION,
            "images_bucket": outputs["ImagesBucketName"],
            "media_bucket": outputs["MediaBucketName"],
            "table": outputs["TableName"],
            "ingest_queue": outputs["IngestQueueUrl"],
            "dead_letter_queue": outputs["DeadLetterQueueUrl"],
        }
        self._api_gateway = f"{self._cloud.endpoint}/restapis/{outputs['ApiId']}/api/_user_request_"
        self._secret = outputs.get("AccessTokenSecretArn", "")
        self._data.write_endpoints(self._endpoints)
        self._data.write_token(self._access.token)
        self._data.write_backends(self._backends)
        self._tell(self._upgrade)
        self._cloud.save_all()
        has_taken_over = self._may_replace_starter and self._pack.name != STARTER and not self._built
        threading.Thread(target=self._settle_in, args=(has_taken_over,), daemon=True).start()

    def _look_at_workers(self) -> None:
        """See what a cloud that is not the gallery's own runs functions on."""
        try:
            self._wheels, processor = wheels(self._clients, self._data.wheels)
        except CLOUD_ERRORS as exc:
            raise StartError(f"The cloud at {self._cloud.endpoint} can't run functions: {exc}") from exc
        self._processor = {"Architecture": processor}

    def _deploy(self, pack: Pack) -> dict[str, str]:
        try:
            parameters = {
                "PublicS3Endpoint": self.site.rstrip("/"),
                **self._access.parameters(),
                **self._processor,
            }
            outputs = deploy(connect(self._cloud.endpoint), pack.folder, parameters, self._wheels)
        except CLOUD_ERRORS as exc:
            raise StartError(f"The {self._cloud.name} refused to deploy template.yaml: {exc}") from exc
        self._pack = pack
        return outputs

    def _collect(self, builder: Builder) -> None:
        """See what became of a build that has ended."""
        try:
            self._built = builder.result()
        except (BuildError, OSError) as exc:
            self._give_up(builder.out.name, str(exc))

    def _go_over(self, pack: Pack) -> None:
        """Go over to the model that was built, or try again later, or say why that can't be; the gallery stays open."""
        starter = self._pack
        try:
            with feed.paused(self._clients, self._endpoints["ingest_queue"], self._caption_function):
                self._deploy(pack)
                try:
                    self._load_network()
                except NotLoaded:
                    self._go_back(starter)
                    raise
        except NotLoaded as exc:
            self._built = None
            self._give_up(pack.name, str(exc))
        except (StartError, OSError, *CLOUD_ERRORS) as exc:  # perhaps because the local cloud died
            with contextlib.suppress(StartError, OSError, *CLOUD_ERRORS):
                self._go_back(starter)
                feed.resume(self._clients, self._caption_function)
            self._pack = starter  # where the local cloud did not answer, with its next start
            if self._pauses:
                self._next_try = time.monotonic() + self._pauses.pop(0)
            else:
                self._built = None
                self._give_up(pack.name, str(exc))
        else:
            self._built = None
            self._cloud.save_all()
            say(f"Switched to the {pack.name} model; what the starter captioned is captioned anew.")
            threading.Thread(target=self._replace_starter, daemon=True).start()

    def _go_back(self, pack: Pack) -> None:
        """Have this pack caption again."""
        self._deploy(pack)
        self._warm_up()  # and the table learns again which it is

    def _give_up(self, model: str, reason: str) -> None:
        """Stay with the starter."""
        reason = reason.rstrip(".")
        self._tell(Upgrade(model=model, state="failed", reason=reason))
        say(
            f"The {model} model can't take over: {reason}. The starter goes on captioning; the next start "
            "tries again, unless it is with --model starter."
        )

    def _warm_up(self) -> None:
        """Have the network loaded before the first photo comes."""
        self._clients.lambda_.invoke(FunctionName=self._caption_function, InvocationType="Event", Payload=b"{}")

    def _load_network(self) -> None:
        """As `_warm_up`, and wait for it.

        Raises:
            NotLoaded: it can't be loaded.
        """
        for _ in range(LOADS):
            answer = self._clients.lambda_.invoke(
                FunctionName=self._caption_function, InvocationType="RequestResponse", Payload=b"{}"
            )
            if not answer.get("FunctionError"):
                return
        raise NotLoaded(f"it can't be loaded ({_error_in(answer['Payload'].read())})")

    def _settle_in(self, has_taken_over: bool) -> None:
        """What may happen once the gallery is open: load the network, and look whether anything was lost or left."""
        try:
            feed.resume(self._clients, self._caption_function)  # the last run may have ended while it was paused
            if has_taken_over:
                self._load_network()
            else:
                self._warm_up()
            report = recover(self._clients, self._endpoints)
        except NotLoaded as exc:
            self._fall_back(str(exc))
            return
        except (RecoveryError, *CLOUD_ERRORS) as exc:
            # Perhaps because the local cloud died: then the watcher starts it again, and this too.
            say(f"The look for photos that may have been lost was broken off; the next start looks again. ({exc})")
            return
        if report.restored or report.queued or report.removed:
            say(_found(report))
        if has_taken_over and report.models.get(STARTER):
            self._replace_starter()

    def _fall_back(self, reason: str) -> None:
        """The model that took over in an earlier run can't be loaded any more: have the starter caption."""
        model = self._pack.name
        try:
            with feed.paused(self._clients, self._endpoints["ingest_queue"], self._caption_function):
                self._go_back(choose(STARTER).pack)
            self._give_up(model, reason)
            recover(self._clients, self._endpoints)
        except (StartError, OSError, RecoveryError, *CLOUD_ERRORS) as exc:
            say(f"The {model} model can't caption: {reason}; and the starter can't take its place: {exc}")

    def _replace_starter(self) -> None:
        """Make anew what the starter captioned. However that ends, nobody is told that it still goes on."""
        name = self._pack.name
        with self._captioning_anew:  # one that the local cloud's death did not end goes first
            count, reason = 0, "it was broken off"
            try:
                self._tell(Upgrade(model=name, state="captioning", reason=None))
                count = caption_anew(self._clients, self._endpoints, lambda record: record.model_name == STARTER)
                reason = ""
            except (RecoveryError, *CLOUD_ERRORS) as exc:
                reason = str(exc)
            finally:
                # Done in either case: it is this model that captions, though some words may still be the starter's.
                self._tell(Upgrade(model=name, state="done", reason=reason or None))
            if reason:
                say(f"Captioning anew by the {name} model was broken off; the next start goes on with it. ({reason})")
            elif count:
                say(f"{count} captions made anew by the {name} model.")

    def _tell(self, upgrade: Upgrade | None) -> None:
        """Let the API know how the change to the better model goes."""
        self._upgrade = upgrade
        with contextlib.suppress(*CLOUD_ERRORS):  # a local cloud that died is told when it is back
            Catalog(self._clients.dynamodb, self._endpoints["table"]).put_upgrade(upgrade)

    def _start_door(self) -> None:
        behind = front_door.Behind(
            self.site,
            self._api_gateway,
            self._endpoints["aws_endpoint"],
            self._endpoints["images_bucket"],
            self._endpoints["media_bucket"],
            self._access.address,
            self._secret,
            self._access.public_read,
            ANY_SIGNER if self._given else front_door.FUNCTIONS_KEYS,
            self._endpoints["ingest_queue"],
            self._backends,
        )
        with (self._data.logs / "front-door.log").open("a") as log:
            self._door = subprocess.Popen(
                [sys.executable, "-m", "infra.front_door", str(self._port), front_door.configuration(behind)],
                cwd=ROOT,
                env={**os.environ, front_door.BACKENDS_VARIABLE: json.dumps(self._backends.settings())},
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
        # By the site's name, but straight to this machine: to other addresses there may be a proxy on the way.
        request = urllib.request.Request(
            f"http://{LOOPBACK}:{self._port}/", headers={"Host": urlsplit(self.site).netloc}
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
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


def build_first(out: Path, data: DataFolder) -> Pack:
    """Build a pack before anything is started.

    Raises:
        StartError: it can't be built.
    """
    builder = _builder(out, data)
    try:
        builder.start()
        say(f"The {out.name} model is built first, once (log: {_shown(builder.log)}) ...")
        while not builder.has_ended():
            time.sleep(0.2)
        return builder.result()
    except BuildError as exc:
        raise StartError(f"The {out.name} model can't be built: {exc}.") from exc
    finally:
        builder.stop()


def _error_in(payload: bytes) -> str:
    """What a function that failed says, in a line."""
    try:
        return str(json.loads(payload)["errorMessage"]).partition("\n")[0][:REASON_LENGTH].rstrip(".")
    except (ValueError, KeyError, TypeError):
        return "the function's log says why"


def _builder(out: Path, data: DataFolder) -> Builder:
    return Builder(out, data.logs / f"pack-{out.name}.log", data.build)


def _shown(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _found(report: Report) -> str:
    return (
        f"Put in order after the last run: {report.restored} photos restored, "
        f"{report.queued} queued to be captioned, {report.removed} taken out whose files are gone."
    )


def choose_cloud(address: str | None, access: Access, backends: Backends = NO_OTHERS) -> GivenCloud | None:
    """The cloud to work in; None for the gallery's own.

    Raises:
        StartError: it is no address, or not for a gallery with an access token or with servers of its own.
    """
    if address is None:
        return None
    if backends != NO_OTHERS:
        raise StartError("--cloud is for galleries whose photos and table stay there: leave --s3 and --dynamodb out.")
    if access.token:
        raise StartError(
            "--cloud is for galleries without an access token: it is not known whether that cloud checks what the "
            "gallery signs, and it lets everyone in who reaches it."
        )
    return GivenCloud(address)


def check_port(port: int, access: Access | None = None) -> None:
    """Raise StartError if the port is taken, or the address is not this machine's."""
    taken = free_port(port) != port
    address = access.address if access else LOOPBACK
    if address != LOOPBACK:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError as exc:
                if exc.errno == errno.EADDRNOTAVAIL:
                    raise StartError(
                        f"{address} is no address of this machine; give one that it has with --host."
                    ) from exc
                taken = True
    if taken:
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


def _take_secrets() -> dict[str, str]:
    """Secrets of the environment, which what is started here is not told."""
    names = (TOKEN_VARIABLE, KEY_ID_VARIABLE, SECRET_KEY_VARIABLE, EVENTS_TOKEN_VARIABLE)
    return {name: os.environ.pop(name, "") for name in names}


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
    help="The pack that captions; auto: the starter until the imagenet pack is built; imagenet: that or nothing.",
)
@click.option(
    "--token",
    envvar=TOKEN_VARIABLE,
    help=f"An access token: nobody gets in without it. Better not here, where others see it, but in {TOKEN_VARIABLE}.",
)
@click.option("--token-file", type=click.Path(path_type=Path), help="A file that holds the access token.")
@click.option("--public-read", is_flag=True, help="Let everyone look; only changes need the token.")
@click.option(
    "--host",
    metavar="ADDRESS",
    help="Open the gallery to other machines, which call this one by that name or address. Needs a token.",
)
@click.option(
    "--site",
    metavar="URL",
    help="The page's address, where a server of this machine (with TLS) passes requests on. Needs a token.",
)
@click.option(
    "--cloud",
    metavar="URL",
    help="A cloud that is there already, as LocalStack at http://localhost:4566, in place of the gallery's own.",
)
@click.option(
    "--s3",
    metavar="URL",
    help=f"Keep photos in this S3 server, such as MinIO; its keys are in {KEY_ID_VARIABLE} and {SECRET_KEY_VARIABLE}.",
)
@click.option(
    "--s3-events",
    metavar="ARN",
    help=f"That server's name for the webhook by which it tells of photos.  [default: {WEBHOOK}]",
)
@click.option("--dynamodb", metavar="URL", help="Keep the table in this DynamoDB server, such as DynamoDB Local.")
@click.option("--open/--no-open", "open_page", default=True, help="Open the page in a browser.")
def main(
    port: int,
    data: Path,
    model: str,
    token: str | None,
    token_file: Path | None,
    public_read: bool,
    host: str | None,
    site: str | None,
    cloud: str | None,
    s3: str | None,
    s3_events: str | None,
    dynamodb: str | None,
    open_page: bool,
) -> None:
    """Start the gallery on this machine, and for this machine only if no --host says otherwise. Ctrl-C stops it."""
    ignore_personal_settings()
    secrets = _take_secrets()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop_on)
    folder = DataFolder(data)
    supervisor: Supervisor | None = None
    try:
        choice = choose(model)
        access = choose_access(token, token_file, public_read=public_read, host=host, site=site)
        backends = choose_backends(s3, s3_events, dynamodb, secrets)
        given = choose_cloud(cloud, access, backends)
        folder.open()
        recovery_log.keep(folder.logs)
        check_port(port, access)
        if choice.warning:
            say(choice.warning)
        if choice.insists and choice.better:
            choice = Choice(build_first(choice.better, folder))
        supervisor = Supervisor(folder, port, choice, access, given, backends)
        supervisor.start()
        say(f"Gallery: {supervisor.site}")
        supervisor.build()
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
