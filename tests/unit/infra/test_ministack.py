from __future__ import annotations

import asyncio
import os
import shutil
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infra.ministack import claim_port, damaged_state, free_port, refusing_when_full, set_state_aside


def test_a_free_port_is_the_preferred_one_if_it_can_be() -> None:
    port = free_port()
    assert free_port(port) == port
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert free_port(port) != port


def test_a_port_may_be_kept_for_another() -> None:
    port = free_port()
    assert free_port(port, but_not=port) != port


def test_two_galleries_never_choose_the_same_port() -> None:
    preferred = free_port()
    first, claim = claim_port(preferred, but_not=0)
    second, other_claim = claim_port(preferred, but_not=0)
    assert first == preferred
    assert second != first, "although nobody listens there yet"
    os.close(claim)
    os.close(other_claim)
    again, claim = claim_port(preferred, but_not=0)
    assert again == preferred
    os.close(claim)


def test_damaged_state_is_found_and_moved_out_of_the_way(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "good.json").write_text('{"a": 1}')
    (state / "half.json").write_text('{"a": ')
    (state / "nothing.json").write_text("")
    assert [path.name for path in damaged_state(state)] == ["half.json", "nothing.json"]
    aside = set_state_aside(state)
    assert (aside / "good.json").is_file()
    assert list(state.iterdir()) == []
    assert damaged_state(state) == []


@pytest.mark.parametrize(
    ("method", "path", "query", "megabytes", "status"),
    [
        ("PUT", "/captionary-images-0/a.jpg", {}, 110, 507),
        ("PUT", "/captionary-images-0/a.jpg", {}, 130, 200),
        ("POST", "/captionary-images-0", {}, 110, 507),
        ("POST", "/captionary-images-0/a.jpg", {"uploads": [""]}, 90, 507),
        ("PUT", "/captionary-media-0/thumb/a.jpg", {}, 110, 200),
        ("PUT", "/captionary-media-0/thumb/a.jpg", {}, 30, 507),
        ("POST", "/captionary-media-0", {"delete": [""]}, 0, 200),
        ("DELETE", "/captionary-images-0/a.jpg", {}, 0, 200),
        ("GET", "/captionary-images-0/a.jpg", {}, 0, 200),
        ("PUT", "/captionary-images-0", {}, 0, 200),
    ],
)
def test_what_the_disk_has_no_room_for_is_refused(
    method: str,
    path: str,
    query: Any,
    megabytes: int,
    status: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def handle(*args: Any, internal: bool = False) -> tuple[int, dict[str, str], bytes]:
        assert internal
        return 200, {}, b""

    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=megabytes * 1_000_000))
    refusing = refusing_when_full(handle, tmp_path)
    assert asyncio.run(refusing(method, path, {}, bytes(20_000_000), query, internal=True))[0] == status
