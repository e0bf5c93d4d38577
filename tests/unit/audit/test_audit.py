from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from audit import __main__ as audit
from audit.__main__ import LOCKS, PAGE_LOCK, Package, pinned

MENDED = {
    "id": "PYSEC-1",
    "summary": "Reads beyond the end",
    "affected": [
        {
            "package": {"name": "Pillow", "ecosystem": "PyPI"},
            "ranges": [
                {"type": "GIT", "events": [{"fixed": "0123abc"}]},
                {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "9.9.9"}]},
            ],
        }
    ],
}
WITHOUT_REMEDY = {"id": "GHSA-2", "affected": [{"package": {"name": "react"}, "ranges": []}]}
WITHDRAWN = {**MENDED, "id": "PYSEC-3", "withdrawn": "2026-01-01T00:00:00Z"}


class Advisories(BaseHTTPRequestHandler):
    """OSV, as far as it is asked."""

    of_package: ClassVar[dict[str, list[dict[str, Any]]]] = {}

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        known = [self.of_package.get(question["package"]["name"], []) for question in asked]
        self._answer({"results": [{"vulns": [{"id": told["id"]} for told in some]} if some else {} for some in known]})

    def do_GET(self) -> None:
        wanted = self.path.rpartition("/")[2]
        self._answer(next(told for some in self.of_package.values() for told in some if told["id"] == wanted))

    def _answer(self, content: Any) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, list[dict[str, Any]]]]:
    """What is known of packages, by name; the audit asks for it."""
    known: dict[str, list[dict[str, Any]]] = {}
    monkeypatch.setattr(Advisories, "of_package", known)
    with ThreadingHTTPServer(("127.0.0.1", 0), Advisories) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("CAPTIONARY_ADVISORIES", f"http://127.0.0.1:{server.server_port}/v1")
        yield known
        server.shutdown()
        thread.join()


def run(capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    """The audit's exit status, and what it says."""
    status: Any = 0
    try:
        audit.main()
    except SystemExit as exc:
        status = exc.code
    return status, capsys.readouterr().out.splitlines()


def test_everything_that_is_pinned_is_asked_for() -> None:
    found = pinned(LOCKS, PAGE_LOCK)
    names = {(package.ecosystem, package.name) for package in found}
    assert {("PyPI", "pillow"), ("PyPI", "ministack"), ("PyPI", "dvc"), ("npm", "react")} <= names
    assert ("npm", "vitest") not in names, "it only tests"
    assert all(package.version[0].isdigit() for package in found)
    assert len(found) == len(set(found))


def test_nothing_is_known(service: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    status, lines = run(capsys)
    assert (status, len(lines)) == (0, 1)
    assert lines[0].endswith("packages audited, 0 known vulnerabilities, 0 to be mended.")


def test_what_can_be_mended_fails(service: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    service["pillow"] = [MENDED, WITHDRAWN]
    status, lines = run(capsys)
    assert status == 1
    assert lines[0].endswith(" (PyPI): PYSEC-1, Reads beyond the end; mended in 9.9.9")
    assert lines[-1].endswith("1 known vulnerabilities, 1 to be mended.")


def test_what_can_not_be_mended_is_told(service: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    service["react"] = [WITHOUT_REMEDY]
    status, lines = run(capsys)
    assert status == 0
    assert lines[0].endswith("GHSA-2, no summary; no version mends it yet")


def test_what_does_not_concern_us_is_told_with_the_reason(
    service: dict[str, Any], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service["pillow"] = [MENDED]
    (tmp_path / "allowed.json").write_text('{"PYSEC-1": "only on Windows."}')
    monkeypatch.setattr(audit, "ALLOWED", tmp_path / "allowed.json")
    status, lines = run(capsys)
    assert status == 0
    assert lines[0].endswith("mended in 9.9.9: only on Windows.")


def test_without_a_network_it_says_so(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAPTIONARY_ADVISORIES", "http://127.0.0.1:1/v1")
    status, [line] = run(capsys)
    assert status == 0
    assert line.startswith("The audit of dependencies was skipped: 127.0.0.1:1 does not answer (")


def test_packages_within_packages_are_named_as_they_are(tmp_path: Path) -> None:
    lock = {"packages": {"": {}, "node_modules/a/node_modules/@b/c": {"version": "1.2.3"}}}
    (tmp_path / "lock.json").write_text(json.dumps(lock))
    assert pinned([], tmp_path / "lock.json") == [Package("npm", "@b/c", "1.2.3")]
