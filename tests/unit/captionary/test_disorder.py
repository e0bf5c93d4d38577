"""The gallery against a simple model of it: events late, twice, backwards or never, and work that overlaps."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from captionary import identity
from captionary import reconcile as reconciling
from captionary.catalog import Catalog
from captionary.events import ObjectEvent
from captionary.gallery import Gallery, Work
from captionary.records import LabelJson, Record
from captionary.search import Query
from captionary.storage import Storage
from tests.unit.conftest import IMAGES, MEDIA, TABLE, played_aws, put_derived

KEYS = ("a.jpg", "b.jpg")
SUBJECTS = ("cat", "dog", "fox")  # what a photo shows is its whole content
keys = st.sampled_from(KEYS)
subjects = st.sampled_from(SUBJECTS)


class Disorder(RuleBasedStateMachine):
    """Does to a gallery what people, S3 and its queue may do, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self._ending = ExitStack()
        aws = self._ending.enter_context(played_aws())
        self.s3 = aws.s3
        self.catalog = Catalog(aws.dynamodb, TABLE)
        self.gallery = Gallery(Storage(self.s3, IMAGES, MEDIA), self.catalog)
        self.sequencer = 0
        self.bucket: dict[str, str] = {}  # what each object shows
        self.words: dict[str, str] = {}  # what people said last of a photo, by its key
        self.may_go: set[str] = set()  # keys whose photo was removed since, and put again at most
        self.underway: list[ObjectEvent] = []  # events that are still to come, perhaps once more
        self.loses = False  # whether events may never come
        self.at_work: list[tuple[Work, str]] = []  # what was begun and not finished, with what was seen
        self.meanwhile: Callable[[], object] | None = None  # happens just before the next write
        write = self.catalog.write

        def interrupted(record: Record, previous: Record | None) -> Record:
            if self.meanwhile:
                between, self.meanwhile = self.meanwhile, None
                between()
            return write(record, previous)

        self.catalog.write = interrupted  # type: ignore[method-assign]

    def teardown(self) -> None:
        try:
            self.settle()
            self.check()
        finally:
            self._ending.close()

    @initialize(loses=st.booleans())
    def begin_with(self, loses: bool) -> None:
        self.loses = loses

    # What people and S3 do

    @rule(key=keys, subject=subjects)
    def put(self, key: str, subject: str) -> None:
        self.s3.put_object(Bucket=IMAGES, Key=key, Body=subject.encode())
        self.bucket[key] = subject
        self._happened(key, created=True)

    @rule(key=keys, first=subjects, second=subjects)
    def put_twice(self, key: str, first: str, second: str) -> None:
        """In quick succession: the one is at work when the other comes."""
        for subject in (first, second):
            self.put(key, subject)
            self._begin(self.underway.pop())

    @rule(key=keys)
    def upload(self, key: str) -> None:
        """As by the API: shown as pending before the object is there."""
        if key not in self.bucket and self.catalog.get(identity.image_id(key)) is None:
            self.gallery.expect(key, 3, "image/jpeg")
            self.put(key, "cat")

    @rule(key=keys)
    def remove(self, key: str) -> None:
        if self.bucket.pop(key, None):
            self._words_may_go(key)
            self.s3.delete_object(Bucket=IMAGES, Key=key)
            self._happened(key, created=False)

    @rule(key=keys)
    def delete(self, key: str) -> None:
        """As by the API."""
        if self.gallery.delete(identity.image_id(key)):
            self._words_may_go(key)
            if self.bucket.pop(key, None):
                self._happened(key, created=False)

    @rule(key=keys, words=st.sampled_from(["Our Minka", "Granny's garden"]))
    def edit(self, key: str, words: str) -> None:
        if self.gallery.edit(identity.image_id(key), own_caption=words):
            self.words[key] = words
            self.may_go.discard(key)
            if key not in self.bucket:
                self.may_go.add(key)

    # What the queue and the caption function do

    @precondition(lambda self: self.underway)
    @rule(which=st.randoms(use_true_random=False), again=st.booleans())
    def deliver(self, which: random.Random, again: bool) -> None:
        event = which.choice(self.underway)
        if not again:
            self.underway.remove(event)
        if event.created:
            self._begin(event)
        else:
            self.gallery.removed(event)

    @precondition(lambda self: self.underway and self.loses)
    @rule(which=st.randoms(use_true_random=False))
    def lose(self, which: random.Random) -> None:
        self.underway.remove(which.choice(self.underway))

    @precondition(lambda self: self.at_work)
    @rule(which=st.randoms(use_true_random=False))
    def attempt(self, which: random.Random) -> None:
        """As for a message that comes again."""
        work, seen = self.at_work.pop(which.randrange(len(self.at_work)))
        if noted := self.gallery.attempt(work, 2):
            self.at_work.append((noted, seen))

    @precondition(lambda self: self.at_work)
    @rule(which=st.randoms(use_true_random=False))
    def finish(self, which: random.Random) -> None:
        self._finish(*self.at_work.pop(which.randrange(len(self.at_work))))

    @precondition(lambda self: self.at_work)
    @rule(which=st.randoms(use_true_random=False))
    def crash(self, which: random.Random) -> None:
        work, _ = self.at_work.pop(which.randrange(len(self.at_work)))
        self.underway.append(ObjectEvent(work.record.key, True, work.record.sequencer))  # it comes again

    @rule(key=keys, what=st.sampled_from(["remove", "edit", "delete", "finish"]))
    def interrupt(self, key: str, what: str) -> None:
        """Somebody else is faster, just when the next record is to be written."""

        def between() -> None:
            if what == "remove":
                self.remove(key)
            elif what == "edit":
                self.edit(key, "In between")
            elif what == "delete":
                self.delete(key)
            elif self.at_work:
                self._finish(*self.at_work.pop())

        self.meanwhile = between

    # What always holds

    @invariant()
    def every_photo_is_listed_once(self) -> None:
        ids = [record.id for record in self.catalog.newest(100).records]
        assert len(ids) == len(set(ids))
        assert sum(self.catalog.counts().values()) == len(ids)

    # And at the end

    def settle(self) -> None:
        """Everything that is under way comes to its end. What was lost is looked for, where it may be."""
        self.meanwhile = None
        while self.underway or self.at_work:
            while self.underway:
                event = self.underway.pop()
                if event.created:
                    self._begin(event)
                else:
                    self.gallery.removed(event)
            while self.at_work:
                self._finish(*self.at_work.pop())
        if not self.loses:
            return
        asked: dict[str, str] = {}
        reconciling.reconcile(self.gallery, asked.update)
        for key, etag in asked.items():
            self._begin(ObjectEvent(key, created=True, etag=etag))
        while self.at_work:
            self._finish(*self.at_work.pop())

    def check(self) -> None:
        records = {record.key: record for record in self.catalog.newest(100).records}
        assert records.keys() == self.bucket.keys()
        assert {key: record.status for key, record in records.items()} == dict.fromkeys(self.bucket, "ready")
        assert {key: record.caption for key, record in records.items()} == self.bucket
        for key, record in records.items():
            kept = record.own_caption == self.words.get(key)
            assert kept or (key in self.may_go and record.own_caption is None), key
        assert self.catalog.counts() == {"pending": 0, "ready": len(self.bucket), "failed": 0}
        shown = list(self.bucket.values())
        assert dict(self.catalog.labels.most_frequent(10)) == {name: shown.count(name) for name in set(shown)}
        for subject in SUBJECTS:
            found = {record.key for record in self.catalog.find(Query(words=(subject,)), 100).records}
            assert found == {key for key, showing in self.bucket.items() if showing == subject}

    # Inside

    def _words_may_go(self, key: str) -> None:
        """What people said of a photo goes with it; but a photo that was put again meanwhile may keep it."""
        self.may_go.add(key)

    def _happened(self, key: str, *, created: bool) -> None:
        self.sequencer += 1
        self.underway.append(ObjectEvent(key, created, f"{self.sequencer:08X}"))

    def _begin(self, event: ObjectEvent) -> None:
        work = self.gallery.begin([event])[event]
        original = self.gallery.storage.fetch(event.key) if work else None
        if work and original:
            record = work.record.of_content(original.etag, len(original.data))
            self.at_work.append((replace(work, record=record), original.data.decode()))

    def _finish(self, work: Work, seen: str) -> None:
        label = LabelJson(name=seen, score=0.9, source="model")
        found = replace(work.record, status="ready", caption=seen, labels=(label,), error_code="", error_message="")
        put_derived(self.gallery.storage, found)
        self.gallery.finish(work, found)


def test_the_table_ends_as_what_the_bucket_holds(quicker_moto: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(reconciling, "UNDER_WAY_SECONDS", 0)  # nothing is, when it looks
    run_state_machine_as_test(
        Disorder,
        settings=settings(
            max_examples=int(os.environ.get("CAPTIONARY_EXAMPLES", "25")),
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
