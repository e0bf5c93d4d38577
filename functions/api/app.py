"""The gallery's REST API, but for uploads. Routes are Chalice's, and those of template.yaml."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec

import boto3
from chalice import Chalice, Response

from captionary import __version__, access, activity, clients, events, identity, logs, parameters, problems
from captionary.activity import Activity
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
DEFAULT_MINUTES = 60
DESCRIPTION = Path(__file__).with_name("openapi.json").read_text(encoding="utf-8")
DESCRIPTION_SECONDS = 300  # that it may be kept by whoever asked for it
ANY_TYPE = ["*/*"]  # of content: where a body is not looked at
DOCS_PAGE = "/docs.html"  # of the site: frontend/docs.html
SIGN_IN_BYTES = 8192  # of a request to sign in, which strangers send
WRONG_TOKEN_SECONDS = 0.3  # that whoever guesses waits for each answer

settings = Settings.from_environment(
    "table", "images_bucket", "media_bucket", "ingest_queue_url", "dead_letter_queue_url"
)
logger = logs.logger("api")
config = clients.config(connections=20)
catalog = Catalog(boto3.client("dynamodb", config=config), settings.table)
gallery = Gallery(
    Storage(clients.s3(settings, config), settings.images_bucket, settings.media_bucket),
    catalog,
)
queue = boto3.client("sqs", config=config)
signer = clients.browsers_s3(settings)
gate = access.Gate.of(settings, config)

app = Chalice(app_name="captionary")


def answering(route: Callable[P, Response]) -> Callable[P, Response]:
    """Turn what goes wrong into problem details."""

    @functools.wraps(route)
    def answer(*args: P.args, **kwargs: P.kwargs) -> Response:
        try:
            return route(*args, **kwargs)
        except problems.Problem as problem:
            return refusal(problem)
        except Exception:
            logger.exception("failure")
            return refusal(problems.internal())

    return answer


@app.route("/images", methods=["GET"], content_types=ANY_TYPE)
@answering
def list_images() -> Response:
    """`GET /images`: a page of the gallery, or of what a search finds in it, newest first; or the photos of `ids`."""
    query = query_parameters("limit", "cursor", "ids", "q", "label", "status")
    limit, cursor, wanted = parameters.limit(query.get("limit")), query.get("cursor"), parameters.search(query)
    try:
        if "ids" in query:
            catalog.check_cursor(cursor)
            ids = parameters.ids(query["ids"].split(","))
            records = catalog.get_many(ids)
            shown = [record for image_id in ids if (record := records.get(image_id)) and record.is_visible]
            return ok({"items": [to_json(record) for record in shown], "next": None})
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
    return nothing()


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
    logger.append_keys(image_ids=ids)
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
    counts, feedback = catalog.figures()
    return ok(
        {
            "counts": counts,
            "queue": {
                "waiting": depth(settings.ingest_queue_url),
                "dead_letters": depth(settings.dead_letter_queue_url),
            },
            "model": catalog.model(),
            "upgrade": catalog.upgrade(),
            "feedback": feedback,
            "version": __version__,
        }
    )


@app.route("/activity", methods=["GET"], content_types=ANY_TYPE)
@answering
def get_activity() -> Response:
    """`GET /activity`: what was captioned in the last minutes, and how long it took."""
    text = query_parameters("minutes").get("minutes")
    minutes = parameters.whole_number("minutes", text, DEFAULT_MINUTES, activity.MAX_MINUTES)
    return ok(Activity(catalog.table).read(minutes))


@app.route("/session", methods=["GET"], content_types=ANY_TYPE)
@answering
def get_session() -> Response:
    """`GET /session`: whether the gallery has an access token, and whether this request shows it."""
    signed_in = gate.is_signed_in(request_headers())
    return ok({"required": gate.has_token, "public_read": gate.public_read, "signed_in": signed_in})


@app.route("/session", methods=["POST"])
@answering
def start_session() -> Response:
    """`POST /session`: sign in."""
    if len(app.current_request.raw_body or b"") > SIGN_IN_BYTES:
        raise problems.TooLarge(f"A request to sign in has up to {SIGN_IN_BYTES} bytes.")
    token = parameters.token(body_json())
    if not gate.has_token:
        return nothing()  # everyone is in already
    try:
        session = gate.sign_in(token)
    except problems.Unauthorized:
        time.sleep(WRONG_TOKEN_SECONDS)
        raise
    return nothing({"Set-Cookie": access.cookie(session, request_headers())})


@app.route("/session", methods=["DELETE"], content_types=ANY_TYPE)
@answering
def end_session() -> Response:
    """`DELETE /session`: sign out, and have the browser forget the photos that it kept."""
    return nothing({"Set-Cookie": access.cookie("", request_headers()), "Clear-Site-Data": '"cache"'})


@app.route("/openapi.json", methods=["GET"], content_types=ANY_TYPE)
@answering
def get_description() -> Response:
    """`GET /openapi.json`: all of this, described."""
    headers = {"Content-Type": "application/json", "Cache-Control": f"private, max-age={DESCRIPTION_SECONDS}"}
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


def request_headers() -> dict[str, str]:
    """The request's headers, by their names in small letters."""
    return {name.lower(): value for name, value in app.current_request.headers.items()}


def ok(content: dict[str, Any], status: int = 200) -> Response:
    """An answer with JSON in it."""
    return Response(
        body=json.dumps(content),
        status_code=status,
        headers={"Content-Type": "application/json", "Cache-Control": "no-store"},
    )


def nothing(headers: dict[str, str] | None = None) -> Response:
    """An answer without a body."""
    return Response(body="", status_code=204, headers={"Cache-Control": "no-store", **(headers or {})})


def refusal(problem: problems.Problem) -> Response:
    """An answer that says what is wrong."""
    return Response(
        body=problem.body(),
        status_code=problem.status,
        headers={"Content-Type": problems.CONTENT_TYPE, "Cache-Control": "no-store", **problem.headers},
    )


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda's entry: answers, and logs one line for the request."""
    started = time.perf_counter()
    route = f"{event.get('httpMethod')} {event.get('resource')}"
    logger.append_keys(
        request_id=(event.get("requestContext") or {}).get("requestId"),
        route=route,
        image_id=(event.get("pathParameters") or {}).get("id"),
        image_ids=None,
    )
    response = respond(event, context)
    milliseconds = (time.perf_counter() - started) * 1000
    answered = logs.request_fields("api", settings.stack, route, response["statusCode"], milliseconds)
    logger.info("request", **answered)
    return response


def respond(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The gate, then Chalice, with the refusals that are its own made problem details too."""
    try:
        gate.admit(event)
    except problems.Problem as problem:
        return refused(problem)
    response: dict[str, Any] = app(event, context)
    status = response["statusCode"]
    if status < 400 or response["headers"].get("Content-Type") == problems.CONTENT_TYPE:
        return response
    if status == 415:
        return refused(problems.UnsupportedMedia("Send the body as application/json."))
    if status in (404, 405):
        return refused(problems.RouteNotFound(f"There is no {event.get('httpMethod')} {event.get('path')}."))
    return refused(problems.internal())


def refused(problem: problems.Problem) -> dict[str, Any]:
    """A proxy answer that says what is wrong."""
    answer: dict[str, Any] = refusal(problem).to_dict()
    return answer
