from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from infra import run
from infra.access import Access, choose_access
from infra.deploy import read_template
from infra.errors import StartError
from infra.ministack import free_port

TOKEN = "a-token-of-the-gallery"


def test_by_default_everyone_on_this_machine_may_use_it() -> None:
    chosen = choose_access(None, None)
    assert (chosen, chosen.site(8080)) == (Access(), "http://127.0.0.1:8080/")
    assert chosen.parameters() == {"AccessToken": "", "PublicRead": "false"}


def test_a_token_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    chosen = choose_access(None, tmp_path / "token", public_read=True)
    assert chosen.parameters() == {"AccessToken": TOKEN, "PublicRead": "true"}
    with pytest.raises(StartError, match="once"):
        choose_access(TOKEN, tmp_path / "token")
    with pytest.raises(StartError, match=r"can't be read from .*nowhere"):
        choose_access(None, tmp_path / "nowhere")


@pytest.mark.parametrize("token", ["", "short", "a" * 15, "a" * 513, "a token with its spaces", "ein-schlüssel-mit-ü"])
def test_tokens_that_are_none(token: str) -> None:
    with pytest.raises(StartError, match=rf"16 to 512 .* this one has {len(token)} characters\. .*openssl"):
        choose_access(token, None)
    assert not token or not re.fullmatch(read_template()["Parameters"]["AccessToken"]["AllowedPattern"], token)


@pytest.mark.parametrize("token", ["a" * 16, "!~" * 256])
def test_tokens_that_are_some(token: str) -> None:
    assert choose_access(token, None).token == token
    assert re.fullmatch(read_template()["Parameters"]["AccessToken"]["AllowedPattern"], token)


def test_public_read_without_a_token() -> None:
    with pytest.raises(StartError, match=r"--public-read .* --token-file"):
        choose_access(None, None, public_read=True)


def test_beyond_this_machine_a_token_is_needed() -> None:
    with pytest.raises(StartError, match=r"needs an access token: .* scripts/run --host 192.0.2.1 --token-file FILE"):
        choose_access(None, None, host="192.0.2.1")
    chosen = choose_access(TOKEN, None, host="192.0.2.1")
    assert (chosen.site(80), chosen.address) == ("http://192.0.2.1:80/", "192.0.2.1")


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "[::]", "*"])
def test_all_addresses_are_none(host: str) -> None:
    with pytest.raises(StartError, match="Give the address itself"):
        choose_access(TOKEN, None, host=host)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "[::1]", "LOCALHOST"])
def test_this_machine_by_its_own_names(host: str) -> None:
    assert choose_access(None, None, host=host) == Access()


def test_behind_a_server_of_this_machine() -> None:
    chosen = choose_access(TOKEN, None, site="https://Photos.example.com")
    assert (chosen.site(8080), chosen.address) == ("https://photos.example.com/", "127.0.0.1")
    with pytest.raises(StartError, match=r"scripts/run --site https://a.b --token-file FILE"):
        choose_access(None, None, site="https://a.b")
    with pytest.raises(StartError, match=r"not both"):
        choose_access(TOKEN, None, site="https://a.b", host="192.0.2.1")


@pytest.mark.parametrize("site", ["photos.example.com", "https://a.b/path", "ftp://a.b", "https://u:p@a.b", "https://"])
def test_sites_that_are_none(site: str) -> None:
    with pytest.raises(StartError, match=r"--site is the address that people open"):
        choose_access(TOKEN, None, site=site)


def test_ipv6() -> None:
    chosen = choose_access(TOKEN, None, host="[2001:db8::1]")
    assert (chosen.site(8080), chosen.address) == ("http://[2001:db8::1]:8080/", "2001:db8::1")


def found(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    entries = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: entries)


def test_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    found(monkeypatch, "127.0.1.1", "192.0.2.7")
    chosen = choose_access(TOKEN, None, host="Photos.lan")
    assert (chosen.site(8080), chosen.address) == ("http://photos.lan:8080/", "192.0.2.7")


def test_a_name_that_others_know_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    found(monkeypatch, "127.0.1.1")
    with pytest.raises(StartError, match=r"--host photos.lan: that is 127.0.1.1 here"):
        choose_access(TOKEN, None, host="photos.lan")


def test_a_name_that_is_none() -> None:
    with pytest.raises(StartError, match="there is no such address"):
        choose_access(TOKEN, None, host="a name with spaces")


def test_the_address_of_another_machine() -> None:
    with pytest.raises(StartError, match=r"^192.0.2.1 is no address of this machine"):
        run.check_port(free_port(), Access(TOKEN, host="192.0.2.1", address="192.0.2.1"))


@pytest.mark.parametrize(
    ("arguments", "variable", "beginning"),
    [
        (["--host", "192.0.2.1"], "", "Beyond this machine a gallery needs an access token"),
        (["--host", "0.0.0.0"], TOKEN, "--host is the address at which other machines call this one"),
        (["--host", "192.0.2.1"], TOKEN, "192.0.2.1 is no address of this machine"),
        (["--token", "short"], "", "An access token has 16 to 512 letters"),
        ([], "short", "An access token has 16 to 512 letters"),
        (["--public-read"], "", "--public-read lets everyone look"),
    ],
    ids=["no token", "all addresses", "another machine", "short", "short, in the environment", "public without"],
)
def test_what_stops_the_start_is_one_sentence(
    arguments: list[str], variable: str, beginning: str, tmp_path: Path
) -> None:
    command = ["--data", str(tmp_path / "data"), "--model", "starter", "--port", str(free_port()), *arguments]
    result = CliRunner().invoke(run.main, command, env={run.TOKEN_VARIABLE: variable} if variable else {})
    assert result.exit_code == 1
    assert result.output.startswith(beginning)
    assert result.output.count("\n") == 1
