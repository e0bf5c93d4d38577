"""Photos for tests that run a gallery."""

from __future__ import annotations

from infra.deploy import ROOT

PHOTOS = ROOT / "layers" / "resnet50" / "photos"
SHARED_PHOTOS = ROOT.parent / "shared" / "photos"  # of the workplace; tests that want them skip without
