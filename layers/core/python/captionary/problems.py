"""Answers to requests that can't be met: problem details, RFC 9457.

`type` is stable and for programs, `detail` says what to do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from .errors import CaptionaryError

CONTENT_TYPE = "application/problem+json"


class Problem(CaptionaryError):
    """A request can't be answered. Each child fixes the HTTP status, the type and its title."""

    status = 500
    slug = "internal"
    title = "Something went wrong here"
    headers: ClassVar[Mapping[str, str]] = {}  # that the answer has beside those of any problem

    def __init__(self, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.more = more

    def body(self) -> str:
        """The problem as JSON."""
        return json.dumps(
            {
                "type": f"/problems/{self.slug}",
                "title": self.title,
                "status": self.status,
                "detail": str(self),
                **self.more,
            }
        )


class BadRequest(Problem):
    """The request makes no sense as it stands."""

    status = 400
    slug = "bad-request"
    title = "The request is not valid"


class BadCursor(Problem):
    """The cursor is not one that the gallery gave out."""

    status = 400
    slug = "bad-cursor"
    title = "The cursor is not valid"


class Unauthorized(Problem):
    """The request does not show the gallery's access token."""

    status = 401
    slug = "unauthorized"
    title = "The access token is needed"
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": "Bearer"}


class CrossSite(Problem):
    """A page of another site wants to change something."""

    status = 403
    slug = "cross-site"
    title = "Sent by a page of another site"


class ImageNotFound(Problem):
    """There is no photo with this id."""

    status = 404
    slug = "image-not-found"
    title = "No such photo"

    def __init__(self, image_id: str) -> None:
        super().__init__(f"There is no photo with the id {image_id!r}. It may have been deleted.", id=image_id)


class RouteNotFound(Problem):
    """There is no such route."""

    status = 404
    slug = "not-found"
    title = "Nothing is here"


class TooLarge(Problem):
    """The file is larger than this route takes."""

    status = 413
    slug = "too-large"
    title = "The file is too large"


class UnsupportedMedia(Problem):
    """The body, or its type, is of a kind that the route doesn't take."""

    status = 415
    slug = "unsupported-media-type"
    title = "Not a kind of content that is taken here"


class StorageFull(Problem):
    """There is no room to store a photo; only on one's own machine, for S3 is never full."""

    status = 507
    slug = "storage-full"
    title = "The disk is full"


class Unavailable(Problem):
    """A service behind the function did not answer."""

    status = 503
    slug = "unavailable"
    title = "The gallery can't answer right now"


def internal() -> Problem:
    """The problem to answer with when something failed that nobody foresaw."""
    return Problem("The gallery failed on this request. It has been logged; please try again.")
