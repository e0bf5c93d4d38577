"""What requests of the API may say. All that comes from outside is checked here, and refused with a sentence.

Each function raises BadRequest where its argument is not as it should be.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from . import identity
from .problems import BadRequest
from .records import VERDICTS, VISIBLE, Verdict
from .search import Query

DEFAULT_LIMIT, MAX_LIMIT = 50, 100
MAX_IDS = 100
TEXT_CHARACTERS = 1000  # of a caption, a note, a file's name
PHRASE_CHARACTERS = 200  # of a search; in a request's first line, which may have 8,190 bytes, one can take 12
LABEL_CHARACTERS = 60
MAX_LABELS = 20
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


def known_once(query: Mapping[str, Sequence[str]], *known: str) -> dict[str, str]:
    """The parameters of a request, all of which its route knows; each has one value."""
    if unknown := query.keys() - set(known):
        raise BadRequest(f"Unknown parameter {_names(unknown)}; this route knows {_names(known)}.")
    if repeated := [name for name, values in query.items() if len(values) > 1]:
        raise BadRequest(f"The parameter {_names(repeated)} should come once only.")
    return {name: values[0] for name, values in query.items()}


def limit(text: str | None, default: int = DEFAULT_LIMIT, most: int = MAX_LIMIT) -> int:
    """How many were asked for."""
    return whole_number("limit", text, default, most)


def whole_number(name: str, text: str | None, default: int, most: int) -> int:
    """A number from 1 on."""
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,4}", text) or len(text) > len(str(most)) or not 1 <= int(text) <= most:
        raise BadRequest(f"`{name}` should be a number from 1 to {most}; received {text[:80]!r}.")
    return int(text)


def search(query: Mapping[str, str]) -> Query | None:
    """What `q`, `label` and `status` ask for; None if nothing in particular."""
    wanted, label = phrase("q", query.get("q", "")), phrase("label", query.get("label", ""))
    status = query.get("status", "")
    if "status" in query and status not in VISIBLE:
        raise BadRequest(f"`status` should be one of {_names(VISIBLE)}; received {status[:80]!r}.")
    if not (wanted.strip() or label or status):
        return None
    return Query.of(wanted, label, status)


def phrase(name: str, given: str) -> str:
    """A text to search for."""
    if len(given) > PHRASE_CHARACTERS:
        raise BadRequest(f"`{name}` should have up to {PHRASE_CHARACTERS} characters; received {len(given)}.")
    return given


def ids(texts: list[str]) -> list[str]:
    """Ids of photos, each once."""
    if len(texts) > MAX_IDS:
        raise BadRequest(f"Up to {MAX_IDS} ids are taken at once; received {len(texts)}.")
    for text in texts:
        if not identity.is_image_id(text):
            raise BadRequest(f"{text[:80]!r} is not an id of a photo.")
    return list(dict.fromkeys(texts))


def ids_of(body: dict[str, Any]) -> list[str]:
    """Ids of photos, each once, that a body names."""
    only_fields(body, "ids")
    texts: Any = body.get("ids")
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise BadRequest("`ids` should be a list of ids that is not empty.")
    return ids(texts)


def hashes(body: dict[str, Any]) -> list[str]:
    """SHA-256 hashes of files."""
    only_fields(body, "sha256")
    texts: Any = body.get("sha256")
    if not isinstance(texts, list) or not texts:
        raise BadRequest("`sha256` should be a list of hashes that is not empty.")
    if len(texts) > MAX_IDS:
        raise BadRequest(f"Up to {MAX_IDS} hashes are taken at once; received {len(texts)}.")
    for text in texts:
        if not isinstance(text, str) or not _SHA256.fullmatch(text):
            raise BadRequest(f"{str(text)[:80]!r} is not a SHA-256 hash, which has 64 hexadecimal digits.")
    return list(texts)


def json_object(body: bytes) -> dict[str, Any]:
    """The body of a request, an object in JSON."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise BadRequest("The body should be JSON.") from exc
    if not isinstance(content, dict):
        raise BadRequest("The body should be an object in JSON.")
    return content


def only_fields(body: dict[str, Any], *known: str) -> None:
    """Refuse a body that has more fields than these."""
    if unknown := body.keys() - set(known):
        raise BadRequest(f"Unknown field {_names(unknown)}; the body may have {_names(known)}.")


def edit(body: dict[str, Any]) -> dict[str, Any]:
    """A person's words, as fields of the record; None takes them back."""
    if not body or body.keys() - {"caption", "labels"}:
        raise BadRequest(f"The body should have `caption` or `labels` or both; received {_names(body) or 'neither'}.")
    words: dict[str, Any] = {}
    if "caption" in body:
        caption = body["caption"]
        words["own_caption"] = None if caption is None else _line("caption", caption, TEXT_CHARACTERS)
    if "labels" in body:
        labels = body["labels"]
        words["own_labels"] = None if labels is None else _labels(labels)
    return words


def judgement(body: dict[str, Any]) -> tuple[Verdict, str]:
    """A verdict on a caption, and a note that may be empty."""
    only_fields(body, "verdict", "note")
    verdict, note = next((name for name in VERDICTS if name == body.get("verdict")), None), body.get("note", "")
    if verdict is None:
        raise BadRequest(f"`verdict` should be one of {_names(VERDICTS)}.")
    if not isinstance(note, str) or len(note) > TEXT_CHARACTERS or not _is_unicode(note):
        raise BadRequest(f"`note` should be a text of up to {TEXT_CHARACTERS} characters.")
    return verdict, note.strip()


def token(body: dict[str, Any]) -> str:
    """What is given as the access token."""
    only_fields(body, "token")
    given = body.get("token")
    if not isinstance(given, str) or not 1 <= len(given) <= TEXT_CHARACTERS:
        raise BadRequest(f"`token` should be a text of 1 to {TEXT_CHARACTERS} characters.")
    return given


def _labels(labels: Any) -> tuple[str, ...]:
    if not isinstance(labels, list):
        raise BadRequest("`labels` should be a list of texts, or null.")
    if len(labels) > MAX_LABELS:
        raise BadRequest(f"A photo takes up to {MAX_LABELS} labels; received {len(labels)}.")
    return tuple(dict.fromkeys(_line("labels", label, LABEL_CHARACTERS) for label in labels))


def _line(name: str, value: Any, most: int) -> str:
    """A text that people see, trimmed."""
    if not isinstance(value, str):
        raise BadRequest(f"`{name}` should be text; received {type(value).__name__}.")
    text = value.strip()
    if not text or len(value) > most:
        raise BadRequest(f"A text of `{name}` should have 1 to {most} characters; received {len(value)}.")
    if any(unicodedata.category(c) == "Cc" for c in text) or not _is_unicode(text):
        raise BadRequest(f"A text of `{name}` should have no control characters.")
    return text


def _is_unicode(text: str) -> bool:
    """Whether it can be stored: JSON may bring halves of characters."""
    return not any("\ud800" <= c <= "\udfff" for c in text)


def _names(names: Any) -> str:
    return ", ".join(str(name)[:80] for name in sorted(names))
