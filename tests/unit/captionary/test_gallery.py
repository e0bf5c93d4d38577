"""The rules: whatever the order of events, one right record."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import pytest

from captionary import identity
from captionary.events import ObjectEvent
from captionary.gallery import Gallery, Work, read_sidecar, sidecar, with_words
from captionary.records import Record
from captionary.storage import Original
from tests.unit.conftest import put_derived

KEY = "a/photo.jpg"
ID = identity.image_id(KEY)


def put(gallery: Gallery, content: bytes, key: str = KEY) -> str:
    return gallery.storage.put_original(key, content, "image/jpeg")


def created(sequencer: str, key: str = KEY) -> ObjectEvent:
    return ObjectEvent(key, created=True, sequencer=sequencer)


def removed(sequencer: str, key: str = KEY) -> ObjectEvent:
    return ObjectEvent(key, created=False, sequencer=sequencer)


def begin(gallery: Gallery, event: ObjectEvent) -> Work | None:
    return gallery.begin([event])[event]


def caption(gallery: Gallery, work: Work) -> Record | None:
    """What the caption function does, with the content in place of a caption."""
    original = gallery.storage.fetch(work.record.key)
    if original is None:
        return None
    found = describe(work, original)
    put_derived(gallery.storage, found)
    return gallery.finish(work, found)


def describe(work: Work, original: Original) -> Record:
    found = work.record.of_content(original.etag, len(original.data))
    return replace(found, status="ready", caption=original.data.decode(), error_code="", error_message="")


def deliver(gallery: Gallery, event: ObjectEvent) -> None:
    if not event.created:
        gallery.removed(event)
    elif (work := begin(gallery, event)) is not None:
        caption(gallery, work)


def current(gallery: Gallery) -> Record | None:
    record = gallery.catalog.get(ID)
    return record if record and record.is_visible else None


def derived_keys(gallery: Gallery) -> set[str]:
    return {listed.key for listed in gallery.storage.derived()}


def assert_in_step(gallery: Gallery) -> None:
    """Table, timeline, counts and media bucket tell the same, which is what the images bucket holds."""
    originals = {listed.key: listed.etag for listed in gallery.storage.originals()}
    record = current(gallery)
    assert (record is not None) == (KEY in originals)
    listed = [entry.id for entry in gallery.catalog.newest(10).records]
    assert listed == ([ID] if record else [])
    assert sum(gallery.catalog.counts().values()) == len(listed)
    if record is None:
        assert derived_keys(gallery) == set()
        return
    assert record.etag == originals[KEY]
    assert derived_keys(gallery) == {
        identity.thumbnail_key(ID, record.media),
        identity.preview_key(ID, record.media),
        identity.sidecar_key(ID),
    }
    kept = read_sidecar(gallery.storage.sidecar(ID))
    assert kept is not None
    assert replace(kept, revision=record.revision) == record
    assert record.attempt == 0


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
@pytest.mark.parametrize("copies", [1, 3])
def test_put_delete_put_in_any_order(gallery: Gallery, order: tuple[int, ...], copies: int) -> None:
    put(gallery, b"second")
    events = [created("0A"), removed("0B"), created("0C")]
    for i in order:
        for _ in range(copies):
            deliver(gallery, events[i])
    assert_in_step(gallery)
    record = current(gallery)
    assert record is not None
    assert (record.caption, record.sequencer) == ("second", "0C")


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_put_overwrite_delete_in_any_order(gallery: Gallery, order: tuple[int, ...]) -> None:
    events = [created("0A"), created("0B"), removed("0C")]
    for i in order:
        deliver(gallery, events[i])
    assert_in_step(gallery)
    assert current(gallery) is None


@pytest.mark.parametrize("order", list(itertools.permutations(range(2))), ids=str)
def test_overwritten_at_once_gives_the_newer_content(gallery: Gallery, order: tuple[int, ...]) -> None:
    put(gallery, b"newer")
    for i in order:
        deliver(gallery, [created("0A"), created("0B")][i])
    assert_in_step(gallery)
    assert current(gallery) is not None


def test_the_same_event_again_costs_nothing(gallery: Gallery) -> None:
    put(gallery, b"one")
    deliver(gallery, created("0A"))
    assert begin(gallery, created("0A")) is None
    record = current(gallery)
    assert record is not None
    assert record.revision == 1


def test_an_overwrite_keeps_its_place_and_drops_the_old_files(gallery: Gallery) -> None:
    put(gallery, b"one")
    deliver(gallery, created("0A"))
    before = current(gallery)
    put(gallery, b"two")
    deliver(gallery, created("0B"))
    after = current(gallery)
    assert before is not None
    assert after is not None
    assert (after.caption, after.created_at, after.page) == ("two", before.created_at, before.page)
    assert_in_step(gallery)


def test_the_same_content_put_twice_is_one_photo(gallery: Gallery) -> None:
    put(gallery, b"one")
    deliver(gallery, created("0A"))
    put(gallery, b"one")
    deliver(gallery, created("0B"))
    assert_in_step(gallery)


def test_deleted_while_it_was_captioned(gallery: Gallery) -> None:
    put(gallery, b"one")
    work = begin(gallery, created("0A"))
    assert work is not None
    original = gallery.storage.fetch(KEY)
    assert original is not None
    found = describe(work, original)
    put_derived(gallery.storage, found)
    gallery.storage.delete_original(KEY)
    gallery.removed(removed("0B"))
    assert gallery.finish(work, found) is None
    assert_in_step(gallery)


def test_deleted_by_a_person_while_it_was_captioned(gallery: Gallery) -> None:
    gallery.expect(KEY, 3, "image/jpeg")
    put(gallery, b"one")
    work = begin(gallery, created("0A"))
    assert work is not None
    original = gallery.storage.fetch(KEY)
    assert original is not None
    found = describe(work, original)
    put_derived(gallery.storage, found)
    assert gallery.delete(ID) is True
    assert gallery.finish(work, found) is None
    deliver(gallery, removed("0B"))
    assert_in_step(gallery)


def test_replaced_while_it_was_captioned(gallery: Gallery) -> None:
    put(gallery, b"old")
    slow = begin(gallery, created("0A"))
    assert slow is not None
    original = gallery.storage.fetch(KEY)
    assert original is not None
    stale = describe(slow, original)
    put(gallery, b"new")
    deliver(gallery, created("0B"))
    put_derived(gallery.storage, stale)
    assert gallery.finish(slow, stale) is None
    record = current(gallery)
    assert record is not None
    assert record.caption == "new"
    assert_in_step(gallery)


def test_two_workers_on_the_same_event(gallery: Gallery) -> None:
    put(gallery, b"one")
    first, second = begin(gallery, created("0A")), begin(gallery, created("0A"))
    assert first is not None
    assert second is not None
    assert caption(gallery, first) is not None
    caption(gallery, second)
    assert_in_step(gallery)


def test_an_upload_is_shown_as_pending_and_then_captioned_in_place(gallery: Gallery) -> None:
    pending = gallery.expect(KEY, 3, "image/png")
    assert (pending.status, pending.bytes, pending.content_type) == ("pending", 3, "image/png")
    put(gallery, b"one")
    deliver(gallery, created("0A"))
    record = current(gallery)
    assert record is not None
    assert (record.status, record.created_at) == ("ready", pending.created_at)
    assert_in_step(gallery)


def test_an_upload_that_is_captioned_before_it_is_shown_stays_captioned(gallery: Gallery) -> None:
    put(gallery, b"one")
    work = begin(gallery, created("0A"))
    assert work is not None
    pending = gallery.expect(KEY, 3, "image/jpeg")
    assert caption(gallery, work) is not None
    record = current(gallery)
    assert record is not None
    assert (record.status, record.created_at) == ("ready", pending.created_at)
    assert_in_step(gallery)


def test_deleting(gallery: Gallery) -> None:
    put(gallery, b"one")
    deliver(gallery, created("0A"))
    assert gallery.delete(ID) is True
    assert current(gallery) is None
    assert gallery.storage.fetch(KEY) is None
    assert gallery.delete(ID) is False
    deliver(gallery, removed("0B"))
    assert_in_step(gallery)


def test_a_late_delete_of_an_object_that_was_put_again(gallery: Gallery) -> None:
    put(gallery, b"one")
    deliver(gallery, created("0A"))
    gallery.storage.delete_original(KEY)
    deliver(gallery, removed("0B"))
    put(gallery, b"two")  # and the event of that was lost
    deliver(gallery, ObjectEvent(KEY, created=True))
    deliver(gallery, removed("0B"))
    assert_in_step(gallery)
    record = current(gallery)
    assert record is not None
    assert record.caption == "two"


def test_finished_in_the_middle_of_being_removed(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    put(gallery, b"one")
    work = begin(gallery, created("0A"))
    assert work is not None
    original = gallery.storage.fetch(KEY)
    assert original is not None
    found = describe(work, original)
    put_derived(gallery.storage, found)
    gallery.storage.delete_original(KEY)
    head = gallery.storage.head
    overtaken = False

    def head_and_be_overtaken(key: str) -> object:
        nonlocal overtaken
        if not overtaken:
            overtaken = True
            gallery.finish(work, found)
        return head(key)

    monkeypatch.setattr(gallery.storage, "head", head_and_be_overtaken)
    assert gallery.removed(removed("0B")) is True
    assert_in_step(gallery)


def test_a_removal_that_was_broken_off_is_finished_by_the_next(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(gallery, b"one")
    deliver(gallery, created("0A"))
    gallery.storage.delete_original(KEY)
    with monkeypatch.context() as patch:
        patch.setattr(gallery.storage, "delete_derived", _fail)
        with pytest.raises(ConnectionError):
            gallery.removed(removed("0B"))
    deliver(gallery, removed("0B"))
    assert_in_step(gallery)


def test_what_was_begun_is_noted_until_it_is_finished(gallery: Gallery) -> None:
    put(gallery, b"one")
    work = begin(gallery, created("0A"))
    assert work is not None
    noted = gallery.attempt(work, 2)
    assert noted is not None
    pending = current(gallery)
    assert pending is not None
    assert (pending.status, pending.attempt) == ("pending", 2)
    again = begin(gallery, created("0A"))
    assert again is not None
    assert again.current is not None
    assert again.current.attempt == 2
    assert caption(gallery, noted) is not None
    record = current(gallery)
    assert record is not None
    assert (record.status, record.attempt) == ("ready", 0)
    assert gallery.attempt(work, 3) is None, "someone else was faster"
    assert_in_step(gallery)


def test_work_goes_on_though_somebody_edited_the_photo_just_then(gallery: Gallery) -> None:
    put(gallery, b"one")
    gallery.expect(KEY, 3, "image/jpeg")
    work = begin(gallery, created("0A"))
    assert work is not None
    assert gallery.edit(ID, own_caption="Mine")
    noted = gallery.attempt(work, 2)
    assert noted is not None
    assert caption(gallery, noted) is not None
    record = current(gallery)
    assert record is not None
    assert (record.status, record.attempt, record.shown_caption) == ("ready", 0, "Mine")


def test_a_late_copy_of_the_create_does_not_bring_it_back(gallery: Gallery) -> None:
    put(gallery, b"one")
    deliver(gallery, created("0A"))
    gallery.delete(ID)
    deliver(gallery, created("0A"))
    deliver(gallery, removed("0B"))
    deliver(gallery, created("0A"))
    assert_in_step(gallery)


def test_a_file_that_is_no_good_is_a_failed_photo(gallery: Gallery) -> None:
    put(gallery, b"junk")
    work = begin(gallery, created("0A"))
    assert work is not None
    stored = gallery.finish(work, work.record.failed("damaged", "It is damaged."))
    assert stored is not None
    assert (stored.status, stored.error_code) == ("failed", "damaged")
    assert begin(gallery, created("0A")) is None
    put(gallery, b"good")
    deliver(gallery, created("0B"))
    record = current(gallery)
    assert record is not None
    assert (record.status, record.error_code) == ("ready", "")
    assert_in_step(gallery)


def test_look_again_captions_what_was_missed(gallery: Gallery) -> None:
    put(gallery, b"one")
    deliver(gallery, ObjectEvent(KEY, created=True))
    assert_in_step(gallery)
    deliver(gallery, created("0A"))
    assert_in_step(gallery)


def test_look_again_at_what_was_deleted_and_put_again(gallery: Gallery) -> None:
    put(gallery, b"one")
    deliver(gallery, created("0A"))
    gallery.storage.delete_original(KEY)
    deliver(gallery, removed("0B"))
    put(gallery, b"two")
    deliver(gallery, ObjectEvent(KEY, created=True))
    assert_in_step(gallery)


def test_restoring_from_the_sidecar(gallery: Gallery) -> None:
    etag = put(gallery, b"one")
    deliver(gallery, created("0A"))
    before = current(gallery)
    assert before is not None
    _forget_table(gallery)
    assert gallery.restore(ID, "another content") is None
    restored = gallery.restore(ID, etag)
    assert restored is not None
    assert (restored.caption, restored.page, restored.created_at) == ("one", before.page, before.created_at)
    assert_in_step(gallery)
    assert gallery.restore(ID, etag) is None, "what is there is left alone"


@pytest.mark.parametrize(
    "content", [None, {}, {"format": 1}, {"format": 1, "record": {}}, {"format": 2, "record": {}}], ids=str
)
def test_sidecars_that_make_no_sense_are_no_sidecars(content: dict[str, object] | None) -> None:
    assert read_sidecar(content) is None


def test_a_sidecar_holds_the_whole_record() -> None:
    record = Record("a" * 16, "k", "ready", 1, 2, caption="c", labels=({"name": "n", "score": 0.5, "source": "model"},))
    assert read_sidecar(json.loads(sidecar(record))) == record


def _forget_table(gallery: Gallery) -> None:
    client = gallery.catalog.table.client
    for item in client.scan(TableName="photos")["Items"]:
        client.delete_item(TableName="photos", Key={"pk": item["pk"], "sk": item["sk"]})
    gallery.catalog.timeline._taken_back.clear()  # as in a new process
    gallery.catalog._vocabulary._known.clear()


def _fail(*args: object) -> None:
    raise ConnectionError


def test_a_person_s_words_outlast_the_model_s(gallery: Gallery) -> None:
    put(gallery, b"one")
    deliver(gallery, created("0A"))
    gallery.edit(ID, own_caption="My caption", own_labels=("mine",))
    deliver(gallery, created("0B"))
    record = current(gallery)
    assert record is not None
    assert (record.shown_caption, record.caption) == ("My caption", "one")
    assert record.shown_labels == ({"name": "mine", "score": 1.0, "source": "person"},)
    assert gallery.edit(ID, own_caption=None, own_labels=None) is not None
    record = current(gallery)
    assert record is not None
    assert (record.shown_caption, record.shown_labels) == ("one", ())


def test_a_person_s_words_outlast_another_picture_of_the_same_name(gallery: Gallery) -> None:
    put(gallery, b"one")
    deliver(gallery, created("0A"))
    gallery.edit(ID, own_caption="My caption")
    put(gallery, b"two")
    deliver(gallery, created("0B"))
    record = current(gallery)
    assert record is not None
    assert (record.shown_caption, record.caption) == ("My caption", "two")


def test_edited_while_it_was_captioned(gallery: Gallery) -> None:
    gallery.expect(KEY, 3, "image/jpeg")
    put(gallery, b"one")
    work = begin(gallery, created("0A"))
    assert work is not None
    gallery.edit(ID, own_caption="My caption")
    gallery.judge(ID, "wrong", "not this")
    assert caption(gallery, work) is not None
    record = current(gallery)
    assert record is not None
    assert (record.status, record.shown_caption, record.caption) == ("ready", "My caption", "one")
    assert (record.feedback, [note["caption"] for note in record.notes]) == (
        {"right": 0, "wrong": 1},
        ["My caption"],
    )


def test_a_failed_photo_shows_a_person_s_words(gallery: Gallery) -> None:
    put(gallery, b"junk")
    work = begin(gallery, created("0A"))
    assert work is not None
    gallery.finish(work, work.record.failed("damaged", "It is damaged."))
    record = gallery.edit(ID, own_labels=("junk",))
    assert record is not None
    assert (record.status, record.shown_labels[0]["name"]) == ("failed", "junk")


def test_words_go_with_the_photo_and_do_not_come_back_with_another(gallery: Gallery) -> None:
    put(gallery, b"one")
    deliver(gallery, created("0A"))
    gallery.edit(ID, own_caption="My caption")
    gallery.delete(ID)
    deliver(gallery, removed("0B"))
    assert_in_step(gallery)
    assert gallery.edit(ID, own_caption="Too late") is None
    assert gallery.judge(ID, "right", "") is None
    put(gallery, b"two")
    deliver(gallery, created("0C"))
    record = current(gallery)
    assert record is not None
    assert (record.shown_caption, record.edition) == ("two", 0)
    assert_in_step(gallery)


def test_edited_in_the_middle_of_being_removed(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    put(gallery, b"one")
    deliver(gallery, created("0A"))
    keep = gallery.storage.put_peoples_words

    def be_removed_and_keep(image_id: str, words: str) -> None:
        gallery.storage.delete_original(KEY)
        deliver(gallery, removed("0B"))
        keep(image_id, words)

    monkeypatch.setattr(gallery.storage, "put_peoples_words", be_removed_and_keep)
    gallery.edit(ID, own_caption="My caption")
    assert_in_step(gallery)


def test_whoever_keeps_words_last_keeps_the_latest(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    put(gallery, b"one")
    deliver(gallery, created("0A"))
    keep, overtaken = gallery.storage.put_peoples_words, list[bool]()

    def be_overtaken_and_keep(image_id: str, words: str) -> None:
        if not overtaken:
            overtaken.append(True)
            gallery.edit(ID, own_caption="Second")
        keep(image_id, words)

    monkeypatch.setattr(gallery.storage, "put_peoples_words", be_overtaken_and_keep)
    gallery.edit(ID, own_caption="First")
    kept = gallery.storage.peoples_words(ID)
    assert kept is not None
    assert (kept["own_caption"], kept["edition"]) == ("Second", 2)


def test_judgements_are_counted_and_the_last_ones_kept(gallery: Gallery) -> None:
    put(gallery, b"one")
    deliver(gallery, created("0A"))
    for i in range(25):
        gallery.judge(ID, "right" if i % 5 else "wrong", f"note {i}")
    record = current(gallery)
    assert record is not None
    assert record.feedback == {"right": 20, "wrong": 5}
    assert [note["note"] for note in record.notes] == [f"note {i}" for i in range(5, 25)]
    assert record.notes[-1]["at"].endswith("Z")
    assert gallery.catalog.figures()[1] == {"right": 20, "wrong": 5}
    gallery.delete(ID)
    assert gallery.catalog.figures()[1] == {"right": 0, "wrong": 0}


def test_a_sidecar_of_an_older_version_can_be_read() -> None:
    record = Record("a" * 16, "k", "ready", 1, 2, caption="c")
    content = json.loads(sidecar(record))
    older = {**content["record"], "caption_source": "model", "feedback": {"right": 0, "wrong": 0}, "revision": 3}
    del older["camera"], older["sha256"]
    assert read_sidecar({**content, "record": older}) == record


@pytest.mark.parametrize(
    "kept", [None, {}, {"format": 1}, {"format": 2, "edition": 3}, {"format": 1, "edition": "x"}], ids=str
)
def test_words_that_make_no_sense_are_no_words(kept: dict[str, object] | None) -> None:
    record = Record("a" * 16, "k", "ready", 1, 2)
    assert with_words(record, kept) == record
