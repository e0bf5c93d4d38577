from __future__ import annotations

import os
import socket
from pathlib import Path

from infra.ministack import claim_port, damaged_state, free_port, set_state_aside


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
