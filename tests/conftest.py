"""What integration and end-to-end tests share: a gallery that runs."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.deploy import ROOT
from infra.ministack import claim, free_port
from infra.run import CLOUD_PORT
from infra.sandbox import RunningGallery
from tests.backends import on_other_servers
from tests.running import PHOTOS, TOKEN

# Shells start what runs in the background with Ctrl-C ignored, and what tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Whichever process of a run comes first keeps the usual port from all galleries of the tests. One that is stopped and
# started would find it taken by another process' gallery; other ports are hardly met twice.
_usual_port = claim(CLOUD_PORT)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of a file that share what they make stay together; others go wherever there is room (--dist loadgroup)."""
    for item in items:
        known = item._fixtureinfo.name2fixturedefs  # type: ignore[attr-defined]
        if any(fixture.scope in ("module", "package") for fixtures in known.values() for fixture in fixtures):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture(scope="session")
def page() -> None:
    """The built page, which the front door serves."""
    assert (ROOT / "frontend" / "dist" / "index.html").is_file(), "build the page: npm --prefix frontend run build"


@pytest.fixture(scope="module")
def gallery(page: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGallery]:
    """A gallery that the tests of a module share."""
    with running(tmp_path_factory.mktemp("gallery")) as gallery:
        yield gallery


@pytest.fixture(scope="module")
def guarded(page: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGallery]:
    """A gallery with an access token, which the tests of a module share."""
    with running(tmp_path_factory.mktemp("guarded"), token=TOKEN) as gallery:
        yield gallery


@contextmanager
def running(folder: Path, token: str = "") -> Iterator[RunningGallery]:
    gallery = RunningGallery(folder / "data", free_port(), token=token)
    with on_other_servers(gallery, folder):
        gallery.start()
        yield gallery
        assert gallery.stop() == 0, gallery.said


@pytest.fixture
def own_gallery(page: None, tmp_path: Path) -> Iterator[RunningGallery]:
    """A gallery of the test's own, not started, which it may maltreat."""
    gallery = RunningGallery(tmp_path / "data", free_port())
    with on_other_servers(gallery, tmp_path):
        yield gallery
        if gallery.process is not None and gallery.process.poll() is None:
            gallery.kill_all()


@pytest.fixture
def cat() -> bytes:
    return (PHOTOS / "cat.jpg").read_bytes()
