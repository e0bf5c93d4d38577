"""A pack is built beside the gallery, which goes on meanwhile.

Run as a program (`python -m infra.builder OUT COMMAND...`) this module is the leader of a process
group that builds: it gives way to whatever else runs, waits while another gallery builds the same
pack, runs the command if the pack is still missing then, and ends the whole group when the gallery
is gone, whatever became of that.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

from captionary.errors import PackError
from captionary.packs import Pack, load

from .deploy import ROOT

NICENESS = 10
REASON_LENGTH = 300  # characters that are told of why a build failed
PATIENCE = {"PIP_TIMEOUT": "5", "PIP_RETRIES": "1"}  # seconds of silence: without a network it shall fail soon

NO_TENSORFLOW = (3, 14)  # and later Pythons: TensorFlow has no wheels for them yet
HINDRANCE = (
    "Training and building packs need TensorFlow, which has no wheels for Python 3.14 yet; use Python 3.11 to 3.13"
)


class BuildError(Exception):
    """The pack could not be built; the message says why, without a full stop."""


class Builder:
    """The build of a pack in processes of its own."""

    def __init__(self, out: Path, log: Path, scratch: Path, command: list[str] | None = None) -> None:
        """Prepare it.

        Args:
            out: folder that the pack is to be in.
            log: file that takes what the build says.
            scratch: folder for what is needed meanwhile, emptied before and after.
            command: what builds; by default `scripts/captionary pack`.
        """
        self.out = out
        self.log = log
        self._scratch = scratch
        self._command = command or [str(ROOT / "scripts" / "captionary"), "pack", out.name, "--out", str(out)]
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Begin to build, and don't wait.

        Raises:
            BuildError: it can't be built here.
            OSError: there is no room for it.
        """
        if sys.version_info[:2] >= NO_TENSORFLOW:
            raise BuildError(HINDRANCE)
        shutil.rmtree(self._scratch, ignore_errors=True)
        self._scratch.mkdir(parents=True)
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "infra.builder", str(self.out), *self._command],
                cwd=ROOT,
                env={**PATIENCE, **os.environ, "TMPDIR": str(self._scratch), "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )

    def has_ended(self) -> bool:
        """Whether the build has come to an end, good or bad."""
        return self._process is not None and self._process.poll() is not None

    def result(self) -> Pack:
        """The pack, once the build has ended.

        Raises:
            BuildError: there is none.
        """
        assert self._process is not None
        status = self._process.wait()
        self.stop()
        if status:
            raise BuildError(_reason(status, self.log))
        try:
            return load(self.out)
        except (PackError, OSError) as exc:
            raise BuildError(str(exc)) from exc

    def stop(self) -> None:
        """End the build if it goes on, with all its processes, and clear up."""
        if self._process is not None:
            if not self.has_ended():
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
            assert self._process.stdin is not None
            self._process.stdin.close()
        shutil.rmtree(self._scratch, ignore_errors=True)


def _reason(status: int, log: Path) -> str:
    """Why a build ended with this exit status, in one sentence: the last that it said."""
    if status < 0 or status > 128:
        return f"the build was ended by signal {-status if status < 0 else status - 128}; perhaps memory ran out"
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line.removeprefix("Error: ") for line in lines if line.startswith("Error: ")]
    last = (errors or lines or [f"the build ended with exit status {status}"])[-1]
    return last[:REASON_LENGTH].rstrip(".")


# The process itself


def main() -> None:
    """Run the command, unless the pack is there by then."""
    _give_way()
    threading.Thread(target=_hold_lifeline, args=(sys.stdin,), daemon=True).start()
    out, command = Path(sys.argv[1]), sys.argv[2:]
    out.parent.mkdir(parents=True, exist_ok=True)
    with (out.parent / f".{out.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with contextlib.suppress(PackError):
            load(out)
            return
        status = subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode
    sys.exit(status if status >= 0 else 128 - status)


def _give_way() -> None:
    os.nice(NICENESS)
    # Where Linux shares time out by session, as most do on a desktop, niceness counts only within one.
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(NICENESS))


def _hold_lifeline(gallery: IO[str]) -> None:
    gallery.read()
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
