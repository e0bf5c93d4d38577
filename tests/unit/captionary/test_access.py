from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from captionary import access
from captionary.access import KEPT_SECONDS, SESSION_SECONDS, Gate
from captionary.problems import CrossSite, Unauthorized, Unavailable

TOKEN, OTHER = "a-token-of-the-gallery", "another-token-of-its"
BEARER = {"authorization": f"Bearer {TOKEN}"}


class Kept:
    """A token where it is kept, and a clock."""

    def __init__(self) -> None:
        self.token = TOKEN
        self.reads = 0
        self.now = 1_800_000_000.0
        self.is_down = False

    def read(self) -> str:
        self.reads += 1
        if self.is_down:
            raise Unavailable("It is down.")
        return self.token

    def clock(self) -> float:
        return self.now

    def gate(self, *, public_read: bool = False) -> Gate:
        return Gate(self.read, public_read=public_read, clock=self.clock)


@pytest.fixture
def kept() -> Kept:
    return Kept()


def session(gate: Gate) -> dict[str, str]:
    return {"cookie": f"theme=dark; captionary={gate.sign_in(TOKEN)}"}


def test_a_gallery_without_a_token_is_open() -> None:
    gate = Gate(None)
    for method in ("GET", "POST", "DELETE"):
        gate.check(method, {})
    assert (gate.has_token, gate.public_read, gate.is_signed_in(BEARER)) == (False, True, False)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS", "", "get"])
def test_a_token_is_needed_for_all(kept: Kept, method: str) -> None:
    with pytest.raises(Unauthorized, match=r"^This needs .* Sign in, or send"):
        kept.gate().check(method, {})
    assert kept.reads == 0, "who shows nothing is not looked at"
    kept.gate().check(method, BEARER)


def test_with_public_read_everyone_may_look(kept: Kept) -> None:
    gate = kept.gate(public_read=True)
    gate.check("GET", {})
    gate.check("HEAD", {"authorization": "Bearer wrong"})
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "", "get"):
        with pytest.raises(Unauthorized):
            gate.check(method, {})


@pytest.mark.parametrize("header", [f"Bearer {TOKEN}", f"bearer  {TOKEN} ", f"BEARER {TOKEN}"])
def test_bearer_headers(kept: Kept, header: str) -> None:
    assert kept.gate().is_signed_in({"authorization": header})


@pytest.mark.parametrize(
    "header",
    [
        *("", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN.upper()}", TOKEN),
        *(f"Basic {TOKEN}", f"Bearer {TOKEN} {TOKEN}", "Bearer ü\udcff", "Bearer " + "x" * 100_000),
    ],
)
def test_headers_that_are_none(kept: Kept, header: str) -> None:
    with pytest.raises(Unauthorized):
        kept.gate().check("GET", {"authorization": header})


def test_a_wrong_header_counts_more_than_a_good_session(kept: Kept) -> None:
    gate = kept.gate()
    good = session(gate)
    with pytest.raises(Unauthorized, match="not the gallery's access token"):
        gate.check("GET", {**good, "authorization": "Bearer wrong"})
    gate.check("GET", {**good, "authorization": "Basic cHJveHk6eA=="})  # of a proxy in front


def test_a_session_is_of_the_form_that_is_written_down(kept: Kept) -> None:
    expiry, _, signature = kept.gate().sign_in(TOKEN).partition(".")
    assert int(expiry) == kept.now + SESSION_SECONDS
    assert signature == hmac.new(TOKEN.encode(), f"session.{expiry}".encode(), hashlib.sha256).hexdigest()


def test_a_session_lasts_until_it_ends(kept: Kept) -> None:
    gate = kept.gate()
    good = session(gate)
    kept.now += SESSION_SECONDS - 1
    gate.check("DELETE", good)
    kept.now += 1
    with pytest.raises(Unauthorized, match="session has ended"):
        gate.check("GET", good)


def changed_expiry(value: str) -> str:
    expiry, _, signature = value.partition(".")
    return f"{int(expiry) + 1}.{signature}"


@pytest.mark.parametrize(
    "change",
    [
        changed_expiry,
        lambda value: value[:-1] + ("0" if value[-1] != "0" else "1"),
        lambda value: value.upper(),
        lambda value: f"0{value}",
        lambda value: value.partition(".")[0] + ".",
        lambda value: value + ".x",
        lambda value: "",
        lambda value: "9" * 5000 + "." + "0" * 64,
        lambda value: "١٨٠٠٠٠٠٠٠٠." + "0" * 64,
    ],
    ids=["later", "other signature", "capitals", "another number", "unsigned", "longer", "empty", "huge", "digits"],
)
def test_sessions_that_are_none(kept: Kept, change: Callable[[str], str]) -> None:
    gate = kept.gate()
    value = change(gate.sign_in(TOKEN))
    with pytest.raises(Unauthorized):
        gate.check("GET", {"cookie": f"captionary={value}"})


def test_one_good_session_of_several_is_enough(kept: Kept) -> None:
    gate = kept.gate()
    gate.check("GET", {"cookie": f"captionary=old; captionary={gate.sign_in(TOKEN)}"})


def test_signing_in_with_another_token(kept: Kept) -> None:
    with pytest.raises(Unauthorized, match="not the gallery's access token"):
        kept.gate().sign_in(OTHER)


def test_a_token_is_kept_for_minutes_and_no_longer(kept: Kept) -> None:
    gate = kept.gate()
    for _ in range(3):
        gate.check("GET", BEARER)
    assert kept.reads == 1
    good = session(gate)
    kept.token = OTHER
    gate.check("GET", BEARER)  # for minutes the old one still counts
    kept.now += KEPT_SECONDS
    for headers in (BEARER, good):
        with pytest.raises(Unauthorized):
            gate.check("GET", headers)
    assert kept.reads == 2


def test_a_new_token_counts_at_once(kept: Kept) -> None:
    gate = kept.gate()
    gate.check("GET", BEARER)
    kept.token = OTHER
    kept.now += 10
    assert gate.sign_in(OTHER)
    assert kept.reads == 2
    for _ in range(100):
        assert not gate.is_signed_in({"authorization": "Bearer guess"})
    assert kept.reads == 2, "guesses cost no reads"


def test_a_clock_that_jumps_back(kept: Kept) -> None:
    gate = kept.gate()
    gate.check("GET", BEARER)
    kept.now -= 10_000_000
    gate.check("GET", BEARER)
    assert kept.reads == 2


def test_a_token_that_can_not_be_read_lets_nobody_in(kept: Kept) -> None:
    gate = kept.gate()
    kept.is_down = True
    for headers in (BEARER, {"cookie": "captionary=1." + "0" * 64}):
        with pytest.raises(Unavailable):
            gate.check("GET", headers)
    with pytest.raises(Unavailable):
        gate.sign_in(TOKEN)
    kept.is_down = False
    gate.check("GET", BEARER)
    kept.is_down = True
    kept.now += KEPT_SECONDS
    with pytest.raises(Unavailable):
        gate.check("GET", BEARER)


class Secrets:
    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def get_secret_value(self, *, SecretId: str) -> Any:  # noqa: N803 - boto3's name
        assert SecretId == "arn"
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


@pytest.mark.parametrize(
    "answer",
    [{}, {"SecretString": ""}, {"SecretString": " \n"}, ClientError({"Error": {"Code": "AccessDenied"}}, "Get")],
    ids=["binary", "empty", "blank", "refused"],
)
def test_secrets_that_hold_no_token(
    answer: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("captionary.access"), "disabled", False)  # MLflow's alembic does that
    with pytest.raises(Unavailable, match=r"answers nobody until it can"):
        access.secret_reader(Secrets(answer), "arn")()
    assert "the access token can't be read" in caplog.text


def test_a_secret_with_a_line_end(kept: Kept) -> None:
    assert access.secret_reader(Secrets({"SecretString": f"{TOKEN}\n"}), "arn")() == TOKEN


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
def test_changes_from_other_sites(site: str) -> None:
    for method in ("POST", "DELETE", "OPTIONS"):
        with pytest.raises(CrossSite):
            access.check_site(method, {"sec-fetch-site": site})
    access.check_site("GET", {"sec-fetch-site": site})


@pytest.mark.parametrize("headers", [{}, {"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}])
def test_changes_from_the_own_page_and_from_programs(headers: dict[str, str]) -> None:
    access.check_site("POST", headers)


def test_cookies() -> None:
    plain = access.cookie("1.a", {})
    assert plain == "captionary=1.a; Max-Age=2592000; Path=/; HttpOnly; SameSite=Strict"
    assert access.cookie("1.a", {"x-forwarded-proto": "https, http"}) == f"{plain}; Secure"
    assert access.cookie("", {}).startswith("captionary=; Max-Age=0; Path=/; HttpOnly")
