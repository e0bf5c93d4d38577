"""The gallery that runs on this machine, as the commands see it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import urllib3

from infra.clients import Clients, connect
from infra.data_folder import DataFolder
from infra.deploy import ROOT

F = TypeVar("F", bound=Callable[..., Any])


def data_option(command: F) -> F:
    """The option that says which gallery is meant."""
    return click.option(
        "--data",
        type=click.Path(path_type=Path),
        default=ROOT / ".captionary",
        help="Data folder of the gallery.  [default: .captionary]",
    )(command)


class Api:
    """The gallery's REST API."""

    def __init__(self, endpoints: dict[str, str], data: Path) -> None:
        """Args: data: the gallery's folder, which holds the access token, if there is one."""
        self._base = endpoints["api"]
        token = DataFolder(data).token()
        self._http = urllib3.PoolManager(
            timeout=30,
            retries=urllib3.Retry(3, backoff_factor=0.3),
            headers={"Authorization": f"Bearer {token}"} if token else None,
        )

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """The answer to a GET.

        Raises:
            ClickException: the gallery does not answer, or refuses.
        """
        return self._request("GET", path, fields=query)

    def post(self, path: str) -> dict[str, Any]:
        """The answer to a POST without a body.

        Raises:
            ClickException: the gallery does not answer, or refuses.
        """
        return self._request("POST", path)

    def _request(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        try:
            answer = self._http.request(method, f"{self._base}/{path}", **more)
        except urllib3.exceptions.HTTPError as exc:
            raise click.ClickException("The gallery does not answer. Start it with: scripts/run") from exc
        content: dict[str, Any] = json.loads(answer.data)
        if answer.status >= 400:
            raise click.ClickException(str(content.get("detail", f"The gallery answered with {answer.status}.")))
        return content


def endpoints_of(data: Path) -> dict[str, str]:
    """Where everything of the gallery is.

    Raises:
        ClickException: no gallery runs on this folder.
    """
    folder = DataFolder(data)
    endpoints = folder.endpoints()
    if not endpoints or not folder.is_held():
        raise click.ClickException(f"No gallery runs on {data}. Start it with: scripts/run")
    return endpoints


def clients_of(data: Path, endpoints: dict[str, str]) -> Clients:
    """Clients for what the gallery is made of."""
    return connect(endpoints["aws_endpoint"], backends=DataFolder(data).backends())
