"""The gallery's REST API, but for uploads. Routes are Chalice's, and those of template.yaml."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec

import boto3
from aws_lambda_powertools import Logger
from chalice import Chalice, Response

from captionary import __version__, clients, events, identity, parameters, problems
from captionary.catalog import Catalog
from captionary.errors import InvalidCursor
from captionary.gallery import Gallery
from captionary.records import Record, to_json
from captionary.settings import Settings
from captionary.storage import Storage, attachment

P = ParamSpec("P")

DOWNLOAD_SECONDS = 300
DEFAULT_LABELS, MAX_LABELS = 100, 1000
DEFAULT_SIMILAR, MAX_SIMILAR = 12, 50
DESCRIPTION = Path(__file__).with_name("openapi.json").read_text(encoding="utf-8")
DESCRIPTION_SECONDS = 300  # that it may be kept by whoever asked for it
ANY_TYPE = ["*/*"]  # of content: where a body is not looked at
DOCS_PAGE = "/docs.html"  # of the site: frontend/docs.html

settings = Settings.from_environment(
    "table", "images_bucket", "media_bucket", "ingest_queue_url", "dead_letter_queue_url"
)
logger = Logger(service="api")
config = clients.config(connections=20)
catalog = Catalog(boto3.client("dynamodb", config=config), settings.table)
gallery = Gallery(
    Storage(boto3.client("s3", config=config), settings.images_bucket, settings.media_bucket),
    catalog,
)
queue = boto3.client("sqs", config=config)
signer = clients.browsers_s3(settings)

app = Chalice(app_name="captionary")


def answering(route: Callable[P, Response]) -> Callable[P, Response]:
    """Log one line for the request, and turn what goes wrong into problem details."""

    @functools.wraps(route)
    def answer(*args: P.args, **kwargs: P.kwargs) -> Response:
        try:
            response = route(*args, **kwargs)
        except problems.Problem as problem:
            response = refusal(problem)
        except Exception:
            logger.exception("request", route=route.__name__)
            response = refusal(problems.internal())
        logger.info("request", route=route.__name__, status=response.status_code)
        return response

    return answer


@app.route("/images", methods=["GET"], content_types=ANY_TYPE)
@answering
def list_images() -> Response:
    """`GET /images`: a page of the gallery, or of what a search finds in it, newest first; or the photos of `ids`."""
    query = query_parameters("limit", "cursor", "ids", "q", "label", "status")
    limit, cursor, wanted = parameters.limit(query.get("limit")), query.get("cursor"), parameters.search(query)
    if "ids" in query:
        ids = parameters.ids(query["ids"].split(","))
        records = catalog.get_many(ids)
        shown = [record for image_id in ids if (record := records.get(image_id)) and record.is_visible]
        return ok({"items": [to_json(record) for record in shown], "next": None})
    try:
        listing = catalog.find(wanted, limit, cursor) if wanted else catalog.newest(limit, cursor)
    except InvalidCursor as exc:
        raise problems.BadCursor("Use `next` of an earlier answer as `cursor`, unchanged, or leave it out.") from exc
    return ok({"items": [to_json(record) for record in listing.records], "next": listing.cursor})


@app.route("/labels", methods=["GET"], content_types=ANY_TYPE)
@answering
def list_labels() -> Response:
    """`GET /labels`: the labels of the gallery's photos, with how many show each."""
    query = query_parameters("q", "limit")
    limit = parameters.limit(query.get("limit"), DEFAULT_LABELS, MAX_LABELS)
    found = catalog.labels.most_frequent(limit, parameters.phrase("q", query.get("q", "")))
    return ok({"items": [{"name": name, "count": count} for name, count in found]})


@app.route("/images/{id}", methods=["GET"], content_types=ANY_TYPE)
@answering
def get_image(id: str) -> Response:
    """`GET /images/{id}`: one photo."""
    return ok(to_json(existing(id)))


@app.route("/images/{id}/original", methods=["GET"], content_types=ANY_TYPE)
@answering
def get_original(id: str) -> Response:
    """`GET /images/{id}/original`: on to a short-lived address of the file as it was uploaded."""
    record = existing(id)
    address = signer.generate_presigned_url(
        "get_object",
        Params={
            "Bucket": settings.images_bucket,
            "Key": record.key,
            # The bucket may hold anything, under any name and type: nothing of that is to run in a browser.
            "ResponseContentDisposition": attachment(identity.clean_filename(identity.filename_of(record.key))),
            "ResponseContentType": record.content_type if record.status == "ready" else "application/octet-stream",
        },
        ExpiresIn=DOWNLOAD_SECONDS,
    )
    return Response(body="", status_code=302, headers={"Location": address, "Cache-Control": "no-store"})


@app.route("/images/{id}/similar", methods=["GET"])
@answering
def list_similar_images(id: str) -> Response:
    """`GET /images/{id}/similar`: photos that look like this one, the most alike first."""
    limit = parameters.limit(query_parameters("limit").get("limit"), DEFAULT_SIMILAR, MAX_SIMILAR)
    found = catalog.lookalikes.find(existing(id), limit)
    items = [
        {"image": to_json(other.record), "similarity": round(other.similarity, 3), "duplicate": other.duplicate}
        for other in found
    ]
    return ok({"items": items})


@app.route("/images/{id}", methods=["PATCH"])
@answering
def edit_image(id: str) -> Response:
    """`PATCH /images/{id}`: put a person's words in place of the model's, or go back to those."""
    words = parameters.edit(body_json())
    record = gallery.edit(id, **words) if identity.is_image_id(id) else None
    if record is None:
        raise problems.ImageNotFound(id)
    return ok(to_json(record))


@app.route("/images/{id}/feedback", methods=["POST"])
@answering
def judge_image(id: str) -> Response:
    """`POST /images/{id}/feedback`: say whether the caption is right."""
    verdict, note = parameters.judgement(body_json())
    record = gallery.judge(id, verdict, note) if identity.is_image_id(id) else None
    if record is None:
        raise problems.ImageNotFound(id)
    return ok(to_json(record), status=201)


@app.route("/images/{id}", methods=["DELETE"], content_types=ANY_TYPE)
@answering
def delete_image(id: str) -> Response:
    """`DELETE /images/{id}`: remove a photo; fine if it is gone already."""
    if not identity.is_image_id(id):
        raise problems.ImageNotFound(id)
    gallery.delete(id)
    return Response(body="", status_code=204, headers={"Cache-Control": "no-store"})


@app.route("/images/{id}/retry", methods=["POST"], content_types=ANY_TYPE)
@answering
def retry_image(id: str) -> Response:
    """`POST /images/{id}/retry`: have a photo captioned once more, whether it failed or not."""

    def enqueue(record: Record) -> None:
        message = events.look_again(settings.images_bucket, record.key)
        queue.send_message(QueueUrl=settings.ingest_queue_url, MessageBody=message)

    record = gallery.again(id, enqueue) if identity.is_image_id(id) else None
    if record is None:
        raise problems.ImageNotFound(id)
    return ok(to_json(record), status=202)


@app.route("/images/delete", methods=["POST"])
@answering
def delete_images() -> Response:
    """`POST /images/delete`: remove several photos."""
    ids = parameters.ids_of(body_json())
    deleted: list[str] = []
    missing: list[str] = []
    for image_id in ids:
        (deleted if gallery.delete(image_id) else missing).append(image_id)
    return ok({"deleted": deleted, "missing": missing})


@app.route("/images/known", methods=["POST"])
@answering
def known_images() -> Response:
    """`POST /images/known`: which files the gallery has already, by their SHA-256."""
    asked = parameters.hashes(body_json())
    known = catalog.known(sha256.lower() for sha256 in asked)
    return ok({"known": {sha256: known[sha256.lower()] for sha256 in asked if sha256.lower() in known}})


@app.route("/status", methods=["GET"], content_types=ANY_TYPE)
@answering
def get_status() -> Response:
    """`GET /status`: how many photos there are, what waits, and what runs."""
    return ok(
        {
            "counts": catalog.counts(),
            "queue": {
                "waiting": depth(settings.ingest_queue_url),
                "dead_letters": depth(settings.dead_letter_queue_url),
            },
            "model": catalog.model(),
            "upgrade": catalog.upgrade(),
            "feedback": catalog.feedback(),
            "version": __version__,
        }
    )


@app.route("/openapi.json", methods=["GET"], content_types=ANY_TYPE)
@answering
def get_description() -> Response:
    """`GET /openapi.json`: all of this, described."""
    headers = {"Content-Type": "application/json", "Cache-Control": f"public, max-age={DESCRIPTION_SECONDS}"}
    return Response(body=DESCRIPTION, status_code=200, headers=headers)


@app.route("/docs", methods=["GET"], content_types=ANY_TYPE)
@answering
def get_docs() -> Response:
    """`GET /docs`: on to the page that shows the description."""
    return Response(body="", status_code=302, headers={"Location": DOCS_PAGE, "Cache-Control": "no-store"})


def existing(image_id: str) -> Record:
    """The record of a photo that is in the gallery.

    Raises:
        ImageNotFound: there is none.
    """
    record = catalog.get(image_id) if identity.is_image_id(image_id) else None
    if record is None or not record.is_visible:
        raise problems.ImageNotFound(image_id)
    return record


def depth(queue_url: str) -> int:
    """About how many messages a queue holds, those being worked on included."""
    names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = queue.get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)["Attributes"]
    return sum(int(attributes[name]) for name in names)


def query_parameters(*known: str) -> dict[str, str]:
    """The query.

    Raises:
        BadRequest: it has a name that the route doesn't know, or one twice.
    """
    given = app.current_request.query_params
    return parameters.known_once({name: given.getlist(name) for name in given} if given else {}, *known)


def body_json() -> dict[str, Any]:
    """The request's body, an object in JSON.

    Raises:
        BadRequest: it is something else.
    """
    return parameters.json_object(app.current_request.raw_body or b"")


def ok(content: dict[str, Any], status: int = 200) -> Response:
    """An answer with JSON in it."""
    return Response(
        body=json.dumps(content),
        status_code=status,
        headers={"Content-Type": "application/json", "Cache-Control": "no-store"},
    )


def refusal(problem: problems.Problem) -> Response:
    """An answer that says what is wrong."""
    return Response(
        body=problem.body(),
        status_code=problem.status,
        headers={"Content-Type": problems.CONTENT_TYPE, "Cache-Control": "no-store"},
    )


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda's entry: Chalice, with the refusals that are its own made problem details too."""
    response: dict[str, Any] = app(event, context)
    status = response["statusCode"]
    if status < 400 or response["headers"].get("Content-Type") == problems.CONTENT_TYPE:
        return response
    if status == 415:
        problem: problems.Problem = problems.UnsupportedMedia("Send the body as application/json.")
    elif status in (404, 405):
        problem = problems.RouteNotFound(f"There is no {event.get('httpMethod')} {event.get('path')}.")
    else:
        problem = problems.internal()
    refused: dict[str, Any] = refusal(problem).to_dict()
    return refused
