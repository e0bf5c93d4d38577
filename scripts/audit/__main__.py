"""Looks up every pinned version, Python's and the page's, in OSV (osv.dev), which gathers the advisories of both.

A vulnerability that a newer version mends fails the audit; one without a remedy is told. Where the service
can't be reached, that is said, and nothing fails: an audit that was not made proves nothing either way.
"""

from __future__ import annotations

import json
import os
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from infra.deploy import ROOT

SERVICE = "https://api.osv.dev/v1"
SECONDS = 20.0
AT_ONCE = 1000  # questions in one request: OSV's limit
LOCKS = (*sorted((ROOT / "scripts" / "locks").glob("*.txt")), ROOT / "layers" / "runtime" / "requirements.txt")
PAGE_LOCK = ROOT / "frontend" / "package-lock.json"
ALLOWED = ROOT / "scripts" / "audit" / "allowed.json"  # vulnerabilities that don't concern us, and why
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


@dataclass(frozen=True, order=True)
class Package:
    """A package of a certain version."""

    ecosystem: str  # as OSV calls it
    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version} ({self.ecosystem})"


@dataclass(frozen=True)
class Finding:
    """A vulnerability of a package."""

    package: Package
    id: str
    summary: str
    remedies: tuple[str, ...]  # versions that don't have it

    def __str__(self) -> str:
        remedy = f"mended in {', '.join(self.remedies)}" if self.remedies else "no version mends it yet"
        return f"{self.package}: {self.id}, {self.summary or 'no summary'}; {remedy}"


class OutOfReach(Exception):
    """The service does not answer, or not as it should."""


def pinned(locks: Iterable[Path], page_lock: Path) -> list[Package]:
    """Every package that is installed or shipped; what only builds and tests the page is left out."""
    found = {Package("PyPI", *pin) for lock in locks for pin in _PINNED.findall(lock.read_text())}
    for path, entry in json.loads(page_lock.read_text())["packages"].items():
        if path and not entry.get("dev"):
            found.add(Package("npm", path.rpartition("node_modules/")[2], entry["version"]))
    return sorted(found)


def audit(packages: list[Package], service: str) -> Iterator[Finding]:
    """The known vulnerabilities of these packages.

    Raises:
        OutOfReach: that can't be found out.
    """
    for start in range(0, len(packages), AT_ONCE):
        asked = packages[start : start + AT_ONCE]
        questions = [
            {"package": {"name": package.name, "ecosystem": package.ecosystem}, "version": package.version}
            for package in asked
        ]
        answers = _ask(f"{service}/querybatch", {"queries": questions})["results"]
        for package, answer in zip(asked, answers, strict=True):
            for named in answer.get("vulns", []):
                told = _ask(f"{service}/vulns/{named['id']}")
                if "withdrawn" not in told:
                    yield Finding(package, named["id"], told.get("summary", ""), _remedies(told, package))


def _remedies(told: dict[str, Any], package: Package) -> tuple[str, ...]:
    """The versions in which a vulnerability is mended."""
    return tuple(
        event["fixed"]
        for affected in told.get("affected", [])
        if affected.get("package", {}).get("name", "").lower() == package.name.lower()
        for span in affected.get("ranges", [])
        if span.get("type") != "GIT"
        for event in span.get("events", [])
        if "fixed" in event
    )


def _ask(address: str, question: Any = None) -> dict[str, Any]:
    body = None if question is None else json.dumps(question).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            told: dict[str, Any] = json.load(answer)
    except (OSError, ValueError) as exc:
        raise OutOfReach(f"{address.split('/')[2]} does not answer ({exc})") from exc
    return told


def main() -> None:
    """Print what is found; exit with 1 where something is to be done."""
    packages = pinned(LOCKS, PAGE_LOCK)
    allowed: dict[str, str] = json.loads(ALLOWED.read_text()) if ALLOWED.is_file() else {}
    try:
        findings = list(audit(packages, os.environ.get("CAPTIONARY_ADVISORIES", SERVICE)))
    except OutOfReach as exc:
        click.echo(f"The audit of dependencies was skipped: {exc}.")
        return
    for finding in findings:
        click.echo(f"{finding}{': ' + allowed[finding.id] if finding.id in allowed else ''}")
    urgent = [finding for finding in findings if finding.remedies and finding.id not in allowed]
    click.echo(f"{len(packages)} packages audited, {len(findings)} known vulnerabilities, {len(urgent)} to be mended.")
    sys.exit(1 if urgent else 0)


if __name__ == "__main__":
    main()
