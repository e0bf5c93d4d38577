"""Faults that keep people with a screen reader or a keyboard out, found by axe."""

from __future__ import annotations

from playwright.sync_api import Page

from infra.deploy import ROOT

AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")


def faults(page: Page) -> list[str]:
    """Serious faults of what the page shows now, each with the elements that have it."""
    page.evaluate(AXE.read_text())  # not as a script of the page, which its policy forbids
    violations = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{violation['id']}: {[node['html'][:120] for node in violation['nodes']]}"
        for violation in violations
        if violation["impact"] in SERIOUS
    ]
