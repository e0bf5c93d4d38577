"""Takes photos in: the bytes themselves, or a form that lets a browser post them straight to the bucket.

Behind the REST API: `POST /images` and `POST /uploads`.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import boto3
from botocore.exceptions import ClientError

from captionary import clients, identity, logs, parameters, problems
from captionary.access import Gate, headers_of
from captionary.catalog import Catalog
from captionary.formats import CONTENT_TYPES, looks_like_picture
from captionary.gallery import Gallery
from captionary.records import to_json
from captionary.settings import Settings
from captionary.storage import Storage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

BODY_BYTES = 4_500_000  # Lambda takes 6 MB, and base64 makes four bytes of three
UPLOAD_BYTES = 50_000_000
FORM_LIFE = timedelta(minutes=15)

settings = Settings.from_environment("table", "images_bucket", "media_bucket")
logger = logs.logger("upload")
config = clients.config()
storage = Storage(clients.s3(settings, config), settings.images_bucket, settings.media_bucket)
gallery = Gallery(storage, Catalog(boto3.client("dynamodb", config=config), settings.table))
signer = clients.browsers_s3(settings)
gate = Gate.of(settings, config)


def take_image(event: dict[str, Any]) -> dict[str, Any]:
    """`POST /images`: store the body as a new photo."""
    headers = headers_of(event)
    content_type = accepted_type(headers.get("content-type", ""))
    data = body_bytes(event)
    if not data:
        raise problems.BadRequest("The body is empty. Send the photo itself as the body.")
    if len(data) > BODY_BYTES:
        raise problems.TooLarge(
            f"The photo has {len(data) / 1e6:.1f} MB; this route takes up to {BODY_BYTES / 1e6:.1f} MB. "
            "Ask POST /uploads for a form to post larger ones straight to the bucket."
        )
    if not looks_like_picture(data[:32]):
        raise problems.UnsupportedMedia(
            "The content is not that of a JPEG, PNG, WebP, GIF, TIFF, BMP, HEIC or AVIF file."
        )
    key = identity.upload_key(unquote(headers.get("x-filename", "")))
    logger.append_keys(image_id=identity.image_id(key), key=key)
    record = gallery.expect(key, len(data), content_type)
    try:
        storage.put_original(key, data, content_type)
    except Exception as exc:
        gallery.delete(record.id)
        if isinstance(exc, ClientError) and exc.response["Error"]["Code"] == "InsufficientStorage":
            raise problems.StorageFull("The disk of the gallery is full. Make room on it, and try again.") from exc
        raise
    return answer(202, to_json(record))


def sign_upload(event: dict[str, Any]) -> dict[str, Any]:
    """`POST /uploads`: a presigned POST for one photo, bound in key, size and type."""
    wish = body_json(event)
    parameters.only_fields(wish, "filename", "content_type", "size")
    filename, content_type, size = wish.get("filename"), wish.get("content_type"), wish.get("size")
    if not isinstance(filename, str) or not 1 <= len(filename) <= parameters.TEXT_CHARACTERS:
        raise problems.BadRequest(f"`filename` should be a text of 1 to {parameters.TEXT_CHARACTERS} characters.")
    if not isinstance(content_type, str):
        raise problems.BadRequest("`content_type` should be a text such as image/jpeg.")
    if isinstance(size, float) and size.is_integer():
        size = int(size)  # JSON knows no difference
    if not isinstance(size, int) or isinstance(size, bool) or size < 1:
        raise problems.BadRequest("`size` should be the number of bytes, at least 1.")
    if size > UPLOAD_BYTES:
        raise problems.TooLarge(f"The photo has {size / 1e6:.1f} MB; up to {UPLOAD_BYTES / 1e6:.0f} MB are taken.")
    content_type = accepted_type(content_type)
    now = datetime.now(UTC)
    key = identity.upload_key(filename, now)
    logger.append_keys(image_id=identity.image_id(key), key=key)
    form = signer.generate_presigned_post(
        settings.images_bucket,
        key,
        Fields={"Content-Type": content_type},
        Conditions=[{"Content-Type": content_type}, ["content-length-range", size, size]],
        ExpiresIn=int(FORM_LIFE.total_seconds()),
    )
    return answer(
        201,
        {
            "id": identity.image_id(key),
            "url": form["url"],
            "fields": form["fields"],
            "expires_at": f"{now + FORM_LIFE:%Y-%m-%dT%H:%M:%SZ}",
        },
    )


def accepted_type(content_type: str) -> str:
    """The MIME type without its parameters.

    Raises:
        UnsupportedMedia: it is not that of a picture that is read here.
    """
    bare = bare_type(content_type)
    if bare not in CONTENT_TYPES:
        raise problems.UnsupportedMedia(
            f"The content type {bare!r} is not taken; use one of {', '.join(CONTENT_TYPES)}."
        )
    return bare


def body_bytes(event: dict[str, Any]) -> bytes:
    """The request's body as it was sent."""
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode()
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as exc:
        raise problems.BadRequest("The body could not be decoded.") from exc


def body_json(event: dict[str, Any]) -> dict[str, Any]:
    """The request's body, an object in JSON."""
    if bare_type(headers_of(event).get("content-type", "application/json")) != "application/json":
        raise problems.UnsupportedMedia("Send the body as application/json.")
    return parameters.json_object(body_bytes(event))


def bare_type(content_type: str) -> str:
    """A MIME type without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def answer(status: int, content: dict[str, Any]) -> dict[str, Any]:
    """A proxy answer with JSON in it."""
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store"},
        "body": json.dumps(content),
    }


ROUTES: dict[tuple[str, str], Callable[[dict[str, Any]], dict[str, Any]]] = {
    ("POST", "/images"): take_image,
    ("POST", "/uploads"): sign_upload,
}


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda's entry, for API Gateway's proxy events."""
    started = time.perf_counter()
    method, resource = event.get("httpMethod", ""), event.get("resource", "")
    name = f"{method} {resource}"
    request_id = (event.get("requestContext") or {}).get("requestId")
    logger.append_keys(request_id=request_id, route=name, image_id=None, key=None)
    try:
        gate.admit(event)
        route = ROUTES.get((method, resource))
        if route is None:
            raise problems.RouteNotFound(f"There is no {name}.")
        response = route(event)
    except problems.Problem as problem:
        response = refusal(problem)
    except Exception:
        logger.exception("failure")
        response = refusal(problems.internal())
    milliseconds = (time.perf_counter() - started) * 1000
    answered = logs.request_fields("upload", settings.stack, name, response["statusCode"], milliseconds)
    logger.info("request", **answered)
    return response


def refusal(problem: problems.Problem) -> dict[str, Any]:
    """A proxy answer that says what is wrong."""
    return {
        "statusCode": problem.status,
        "headers": {"Content-Type": problems.CONTENT_TYPE, "Cache-Control": "no-store", **problem.headers},
        "body": problem.body(),
    }
