from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from captionary import identity
from captionary import reconcile as reconcile_module
from captionary.events import ObjectEvent
from captionary.gallery import Gallery
from captionary.postings import year_of
from captionary.reconcile import Report, reconcile
from captionary.records import Record
from captionary.search import Query
from captionary.storage import Listed
from tests.unit.conftest import put_derived


def add_photo(gallery: Gallery, key: str, content: bytes = b"content") -> Record:
    """A photo that went the whole way."""
    etag = gallery.storage.put_original(key, content, "image/jpeg")
    event = ObjectEvent(key, created=True, sequencer="0A")
    work = gallery.begin([event])[event]
    assert work is not None
    found = replace(work.record.of_content(etag, len(content)), status="ready", caption=key, model_name="m")
    put_derived(gallery.storage, found)
    stored = gallery.finish(work, found)
    assert stored is not None
    return stored


def forget(gallery: Gallery, *records: Record) -> None:
    """Lose records, as a table does that is rolled back."""
    for record in records:
        gallery.catalog.write(record.deleted(record.sequencer), record)
        key = {"pk": {"S": f"image#{record.id}"}, "sk": {"S": "record"}}
        gallery.catalog.table.client.delete_item(TableName="photos", Key=key)


def lose_the_table(gallery: Gallery) -> None:
    client = gallery.catalog.table.client
    for item in client.scan(TableName="photos")["Items"]:
        client.delete_item(TableName="photos", Key={"pk": item["pk"], "sk": item["sk"]})
    gallery.catalog.timeline._taken_back.clear()  # as in a new process
    gallery.catalog._vocabulary._known.clear()


def run(gallery: Gallery) -> tuple[Report, list[str]]:
    queued: dict[str, str] = {}
    return reconcile(gallery, queued.update), list(queued)


def test_nothing_to_do(gallery: Gallery) -> None:
    add_photo(gallery, "a")
    assert run(gallery) == (Report(seen=1, models={"m": 1}), [])


def test_an_empty_gallery(gallery: Gallery) -> None:
    assert run(gallery) == (Report(), [])


def test_lost_records_come_back_from_sidecars_in_their_old_order(gallery: Gallery) -> None:
    records = [add_photo(gallery, key) for key in "abcd"]
    forget(gallery, *records[1:])
    report, queued = run(gallery)
    assert (report.restored, report.models, queued) == (3, {"m": 4}, [])
    assert [record.key for record in gallery.catalog.newest(10).records] == list("dcba")
    assert gallery.catalog.counts()["ready"] == 4
    assert run(gallery) == (Report(seen=4, models={"m": 4}), [])


def test_photos_without_a_sidecar_are_queued(gallery: Gallery) -> None:
    gallery.storage.put_original("new", b"never seen", "image/jpeg")
    report, queued = run(gallery)
    assert (report.queued, queued) == (1, ["new"])


def test_a_sidecar_of_other_content_does_not_count(gallery: Gallery) -> None:
    record = add_photo(gallery, "a", b"old")
    gallery.storage.put_original("a", b"new", "image/jpeg")
    assert run(gallery)[1] == ["a"], "the record is of the old content"
    forget(gallery, record)
    assert run(gallery)[1] == ["a"], "and so is the sidecar"


def test_pending_photos_are_queued_again(gallery: Gallery) -> None:
    gallery.expect("a", 3, "image/jpeg")
    gallery.storage.put_original("a", b"one", "image/jpeg")
    assert run(gallery)[1] == ["a"]


def test_photos_whose_file_is_gone_are_taken_out(gallery: Gallery) -> None:
    add_photo(gallery, "a")
    kept = add_photo(gallery, "b")
    gallery.storage.delete_original("a")
    report, queued = run(gallery)
    assert (report.removed, queued) == (1, [])
    assert [record.key for record in gallery.catalog.newest(10).records] == ["b"]
    assert identity.sidecar_key(kept.id) in {listed.key for listed in gallery.storage.derived()}
    assert not any(identity.image_id("a") in listed.key for listed in gallery.storage.derived())


def test_new_photos_stand_after_restored_ones(gallery: Gallery) -> None:
    records = [add_photo(gallery, key) for key in "abc"]
    lose_the_table(gallery)
    add_photo(gallery, "during")
    run(gallery)
    add_photo(gallery, "after")
    assert [record.key for record in gallery.catalog.newest(10).records] == ["after", "during", "c", "b", "a"]
    assert [record.page for record in records] == [record.page for record in list(gallery.catalog.everything())[:1:-1]]


def test_a_photo_without_its_thumbnail_is_queued(gallery: Gallery) -> None:
    record = add_photo(gallery, "a")
    gallery.storage.delete_media([identity.thumbnail_key(record.id, record.media)])
    assert run(gallery)[1] == ["a"]


def test_a_photo_that_is_captioned_meanwhile_is_left_alone(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    originals = gallery.storage.originals

    def meanwhile() -> Iterator[Listed]:
        add_photo(gallery, "a")
        yield from originals()

    monkeypatch.setattr(gallery.storage, "originals", meanwhile)
    assert run(gallery) == (Report(seen=1, models={"m": 1}), [])


def test_a_restored_photo_without_its_preview_is_queued(gallery: Gallery) -> None:
    record = add_photo(gallery, "a")
    gallery.storage.delete_media([identity.preview_key(record.id, record.media)])
    forget(gallery, record)
    report, queued = run(gallery)
    assert (report.restored, queued) == (1, ["a"])


def test_files_of_no_record_are_removed_once_they_are_old(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = add_photo(gallery, "a")
    put_derived(gallery.storage, replace(kept, id="b" * 16))
    run(gallery)
    assert len([listed for listed in gallery.storage.derived() if "b" * 16 in listed.key]) == 3
    monkeypatch.setattr(reconcile_module, "UNDER_WAY_SECONDS", -10)
    run(gallery)
    left = {listed.key for listed in gallery.storage.derived()}
    assert left == {
        identity.preview_key(kept.id, kept.media),
        identity.thumbnail_key(kept.id, kept.media),
        identity.sidecar_key(kept.id),
        identity.sidecar_key("b" * 16),
    }


def test_an_upload_under_way_is_left_alone(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    gallery.expect("coming", 3, "image/jpeg")
    assert run(gallery)[0] == Report()
    monkeypatch.setattr(reconcile_module, "UNDER_WAY_SECONDS", -10)
    assert run(gallery)[0] == Report(removed=1)


def test_progress_is_told(gallery: Gallery) -> None:
    for i in range(120):
        gallery.storage.put_original(f"{i}", b"x", "image/jpeg")
    seen: list[int] = []
    reconcile(gallery, lambda keys: None, lambda report: seen.append(report.seen))
    assert seen == [100, 120]


def test_people_s_words_come_back_with_a_lost_record(gallery: Gallery) -> None:
    record = add_photo(gallery, "a")
    gallery.edit(record.id, own_caption="Mine", own_labels=("x", "y"))
    gallery.judge(record.id, "right", "yes")
    before = gallery.catalog.get(record.id)
    lose_the_table(gallery)
    assert run(gallery)[0].restored == 1
    after = gallery.catalog.get(record.id)
    assert before is not None
    assert after == replace(before, revision=1)
    assert gallery.catalog.figures()[1] == {"right": 1, "wrong": 0}
    assert [found.key for found in gallery.catalog.find(Query.of("mine y"), 10).records] == ["a"]
    assert run(gallery) == (Report(seen=1, models={"m": 1}), [])


def test_people_s_words_come_back_though_all_else_has_to_be_found_out_anew(gallery: Gallery) -> None:
    record = add_photo(gallery, "a")
    gallery.edit(record.id, own_caption="Mine")
    gallery.storage.delete_media([identity.sidecar_key(record.id)])
    lose_the_table(gallery)
    assert run(gallery)[1] == ["a"]
    pending = gallery.catalog.get(record.id)
    assert pending is not None
    assert (pending.status, pending.shown_caption) == ("pending", "Mine")
    captioned = add_photo(gallery, "a")
    assert (captioned.status, captioned.shown_caption, captioned.caption) == ("ready", "Mine", "a")


def test_a_table_that_was_rolled_back_learns_the_latest_words(gallery: Gallery) -> None:
    record = add_photo(gallery, "a")
    key = {"pk": {"S": f"image#{record.id}"}, "sk": {"S": "record"}}
    item = gallery.catalog.table.get(key)
    gallery.edit(record.id, own_caption="Mine")
    gallery.catalog.table.client.put_item(TableName="photos", Item=item)
    assert run(gallery)[1] == []
    after = gallery.catalog.get(record.id)
    assert after is not None
    assert (after.shown_caption, after.edition) == ("Mine", 1)


def test_words_that_were_not_kept_are_kept(gallery: Gallery) -> None:
    record = add_photo(gallery, "a")
    gallery.edit(record.id, own_caption="Mine")
    gallery.storage.delete_peoples_words(record.id)
    run(gallery)
    kept = gallery.storage.peoples_words(record.id)
    assert kept is not None
    assert kept["own_caption"] == "Mine"


def test_photos_of_an_older_version_are_indexed(gallery: Gallery) -> None:
    record = add_photo(gallery, "dog.jpg")
    key = {"pk": {"S": f"image#{record.id}"}, "sk": {"S": "record"}}
    item = gallery.catalog.table.get(key)
    client = gallery.catalog.table.client
    client.delete_item(
        TableName="photos", Key={"pk": {"S": f"word#dog#{year_of(record.page)}"}, "sk": {"S": f"{record.page}"}}
    )
    client.put_item(
        TableName="photos", Item={name: item[name] for name in item if name not in ("indexed", "posted", "edition")}
    )
    assert run(gallery)[0] == Report(seen=1, indexed=1, models={"m": 1})
    assert [found.key for found in gallery.catalog.find(Query.of("dog"), 10).records] == ["dog.jpg"]
    assert run(gallery)[0] == Report(seen=1, models={"m": 1})


def test_what_is_done_about_each_photo_is_logged(gallery: Gallery, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "captionary")
    photos = {key: add_photo(gallery, key) for key in ("in order", "lost", "gone")}
    forget(gallery, photos["lost"])
    gallery.storage.delete_original("gone")
    gallery.storage.put_original("new", b"content", "image/jpeg")
    run(gallery)
    told = {(line["image_id"], line["key"], line["outcome"]) for line in map(vars, caplog.records) if "key" in line}
    assert told == {
        (identity.image_id(key), key, outcome)
        for key, outcome in (("lost", "restored"), ("gone", "taken_out"), ("new", "queued"))
    }
