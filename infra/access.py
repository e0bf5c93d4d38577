"""Who may use a gallery of this machine, and from where: what `scripts/run` is told about it, checked."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from pathlib import Path

from captionary.access import TOKEN_CHARACTERS

from .errors import StartError

LOOPBACK = "127.0.0.1"
EVERY_ADDRESS = ("", "*", "0.0.0.0", "::", "[::]")  # noqa: S104 - these are refused
_TOKEN = re.compile(f"[!-~]{{{TOKEN_CHARACTERS[0]},{TOKEN_CHARACTERS[1]}}}")  # AllowedPattern of template.yaml

_SITE = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?/?", re.IGNORECASE)


@dataclass(frozen=True)
class Access:
    """Who may use the gallery: everyone on this machine, unless it says otherwise."""

    token: str = ""
    public_read: bool = False
    host: str = LOOPBACK  # by which browsers call it; in the addresses that are signed for them
    address: str = LOOPBACK  # of that host, to listen on beside 127.0.0.1
    proxied: str = ""  # the page's address, where a server of this machine passes requests on

    def site(self, port: int) -> str:
        """The address of the page."""
        return self.proxied or f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{port}/"

    def parameters(self) -> dict[str, str]:
        """Of template.yaml."""
        return {"AccessToken": self.token, "PublicRead": "true" if self.public_read else "false"}


def choose_access(
    token: str | None,
    token_file: Path | None,
    *,
    public_read: bool = False,
    host: str | None = None,
    site: str | None = None,
) -> Access:
    """What the options ask for.

    Raises:
        StartError: it can't be, or shouldn't.
    """
    chosen = _token(token, token_file)
    if public_read and not chosen:
        raise StartError("--public-read lets everyone look where only a token may change; give one with --token-file.")
    if site is not None:
        if host is not None:
            raise StartError("Give --host, or --site where a server of this machine passes requests on; not both.")
        return Access(_needed(chosen, f"--site {site}"), public_read, proxied=_checked_site(site))
    if host is None:
        return Access(chosen, public_read)
    host = host.strip("[]") if ":" in host else host.lower()
    if host in EVERY_ADDRESS:
        raise StartError(
            "--host is the address at which other machines call this one, for it stands in the addresses that are "
            "signed for browsers. Give the address itself, for instance: --host 192.168.1.20"
        )
    address = _address_of(host)
    if _is_loopback(host):
        return Access(chosen, public_read)
    if _is_loopback(address):
        raise StartError(
            f"--host {host}: that is {address} here, where no other machine reaches it. "
            "Give the address that this machine has in the network."
        )
    return Access(_needed(chosen, f"--host {host}"), public_read, host, address)


def _needed(token: str, option: str) -> str:
    if not token:
        raise StartError(
            "Beyond this machine a gallery needs an access token: without one, whoever reaches it could see and delete "
            f"all photos. Write one into a file, and start with: scripts/run {option} --token-file FILE"
        )
    return token


def _checked_site(site: str) -> str:
    if not _SITE.fullmatch(site):
        raise StartError(
            f"--site is the address that people open, such as https://photos.example.com/ without a path; "
            f"received {site!r}."
        )
    return site.lower().rstrip("/") + "/"


def _token(token: str | None, file: Path | None) -> str:
    if token is None and file is None:
        return ""
    if token is not None and file is not None:
        raise StartError("Give the access token once: by --token-file, --token or CAPTIONARY_TOKEN.")
    if file is not None:
        try:
            token = file.read_text().strip()
        except (OSError, ValueError) as exc:
            raise StartError(f"The access token can't be read from {file}: {exc}.") from exc
    assert token is not None
    if not _TOKEN.fullmatch(token):
        least, most = TOKEN_CHARACTERS
        raise StartError(
            f"An access token has {least} to {most} letters, digits and signs of ASCII, without spaces; this one has "
            f"{len(token)} characters. A good one is made by: openssl rand -hex 16"
        )
    return token


def _address_of(host: str) -> str:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        raise StartError(f"--host {host}: there is no such address, as far as this machine knows.") from exc
    addresses = [str(entry[4][0]) for entry in found]
    return next((address for address in addresses if not _is_loopback(address)), addresses[0])


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
