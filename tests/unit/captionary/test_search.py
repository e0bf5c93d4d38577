"""The index of words against the plainest model of it: a list of records, each compared with each query."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from captionary import catalog as catalog_module
from captionary import identity, postings, search, timeline, vocabulary
from captionary.catalog import INDEX, Catalog
from captionary.errors import Conflict
from captionary.gallery import Gallery
from captionary.records import LabelJson, Record, Status
from captionary.search import Query

WORDS = ["dog", "dogs", "cat", "black", "beach", "man", "men", "berries", "berry", "snow", "ski", "skiing", "trains"]
LABELS = ["dog", "golden retriever", "train station", "the who", "🐶", "snow"]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits so low that a few photos run into them."""
    monkeypatch.setattr(timeline, "PLACES_PER_PAGE", 4)
    monkeypatch.setattr(postings, "_FEWEST_BLOCKS", 1)
    monkeypatch.setattr(postings, "_MOST_BLOCKS", 2)
    monkeypatch.setattr(search, "_CLOSE", 1)
    monkeypatch.setattr(search, "_COMMON", 12)
    monkeypatch.setattr(search, "_PARTS_OF_PAGES", (1, 2))
    monkeypatch.setattr(search, "_MOST_PAGES", 3)
    monkeypatch.setattr(vocabulary, "COUNTED", 2)


def add(catalog: Catalog, key: str, caption: str = "", *labels: str, status: Status = "ready", **more: Any) -> Record:
    [place] = catalog.timeline.take_places(1)
    record = Record(identity.image_id(key), key, status, place.page, place.created_at, caption=caption, **more)
    return catalog.write(replace(record, labels=shown(*labels)), None)


def shown(*names: str) -> tuple[LabelJson, ...]:
    return tuple(LabelJson(name=name, score=0.5, source="model") for name in names)


def found(catalog: Catalog, text: str = "", label: str = "", status: str = "", limit: int = 50) -> list[str]:
    """Keys of all that a search finds, page by page."""
    query = Query.of(text, label, status)
    keys: list[str] = []
    cursor = None
    while True:
        listing = catalog.find(query, limit, cursor)
        assert len(listing.records) <= limit
        keys += [record.key for record in listing.records]
        cursor = listing.cursor
        if cursor is None:
            return keys


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("seed", range(2))
def test_whatever_happens_a_search_finds_what_is_there(catalog: Catalog, seed: int) -> None:
    chance = random.Random(seed)
    random.seed(seed)
    there: dict[str, Record] = {}
    numbers = count()

    def text() -> str:
        return " ".join(chance.choices(WORDS, k=chance.randrange(5)))

    def new() -> None:
        key = f"{text().replace(' ', '_')}{next(numbers)}.jpg"
        status: Status = chance.choice(("ready", "ready", "pending", "failed"))
        there[key] = add(catalog, key, text(), *chance.sample(LABELS, 2), status=status, sha256=f"{chance.random()}")

    def change(**fields: Any) -> None:
        key = chance.choice(list(there))
        there[key] = catalog.write(replace(there[key], **fields), there[key])

    def delete() -> None:
        record = there.pop(chance.choice(list(there)))
        catalog.write(record.deleted(""), record)

    for _ in range(10):
        new()
    for _ in range(30):
        happening: Callable[[], None] = chance.choice(
            [
                new,
                new,
                delete,
                lambda: change(caption=text(), labels=shown(*chance.sample(LABELS, 3))),
                lambda: change(own_caption=chance.choice([None, text() or "words"])),
                lambda: change(own_labels=chance.choice([None, (), tuple(chance.sample(LABELS, 2))])),
                lambda: change(status=chance.choice(["ready", "pending", "failed"])),
            ]
        )
        if there or happening == new:
            happening()

    newest = sorted(there.values(), key=lambda record: -record.created_at)
    for text_, label, status in [
        *((word, "", "") for word in WORDS),
        *((start, "", "") for start in ("b", "be", "bea", "s", "sk", "do", "m")),
        *((f"{first} {second}", "", "") for first, second in zip(WORDS, WORDS[3:], strict=False)),
        *(("", label, "") for label in LABELS),
        *(("", "", status) for status in ("ready", "pending", "failed")),
        ("dog", "dog", ""),
        ("do", "snow", "failed"),
        ("the", "", ""),
        ("jpg", "", "pending"),
        ("nowhere", "", ""),
        ("", "nothing", ""),
        ("1", "", ""),
    ]:
        query = Query.of(text_, label, status)
        expected = [record.key for record in newest if query.matches(record)]
        assert found(catalog, text_, label, status, limit=chance.choice((2, 5, 50))) == expected, query
    counts = Counter(label["name"] for record in newest for label in record.shown_labels)
    assert dict(catalog.labels.most_frequent(100)) == dict(counts)
    assert catalog.known(record.sha256 for record in newest) == {
        record.sha256: record.id for record in newest if record.status == "ready"
    }


def test_words_labels_and_file_names(catalog: Catalog) -> None:
    add(catalog, "album/Ferien am Meer_0042.JPG", "A man rides a wave.", "sea coast")
    for text in (
        *("ferien", "MEER", "0042", "jpg", "wave", "waves meer.jpg", "sea c", "coast m"),
        *("a man on the wav", "wave on the", "coast"),
    ):
        assert len(found(catalog, text)) == 1, text
    for text in ("album", "coastal", "wave dog", "wave x", "the", "42", "!!!", "ave"):
        assert found(catalog, text) == [], text


def test_accents_and_other_scripts(catalog: Catalog) -> None:
    add(catalog, "crème brûlée.jpg", "東京タワーの写真")
    for text in ("creme", "BRÛL", "brulee", "東京", "タワー", "写"):
        assert found(catalog, text) == ["crème brûlée.jpg"], text
    assert found(catalog, "京都") == []


def test_numbers_by_how_they_begin(catalog: Catalog) -> None:
    for name in ("IMG_20260102_7.jpg", "DSC01234.jpg", "1535012345678.jpg"):
        add(catalog, name)
    for text in ("2026", "202601", "20260102", "img_2026"):
        assert found(catalog, text) == ["IMG_20260102_7.jpg"], text
    for text in ("dsc", "dsc012", "dsc01234", "01234", "012", "01", "dsc0"):
        assert found(catalog, text) == ["DSC01234.jpg"], text
    assert found(catalog, "153501") == found(catalog, "1535012345678") == ["1535012345678.jpg"]
    assert found(catalog, "1535") == [], "six digits of a number so long are the least"


def test_a_label_by_its_exact_name(catalog: Catalog) -> None:
    add(catalog, "a", "", "golden retriever")
    add(catalog, "b", "golden and retriever", "golden")
    assert found(catalog, label="golden retriever") == ["a"]
    assert found(catalog, label="Golden retriever") == []
    assert found(catalog, "golden retriever") == ["b", "a"]


def test_a_person_s_words_hide_the_model_s(catalog: Catalog) -> None:
    record = add(catalog, "a", "a dog", "dog")
    record = catalog.write(replace(record, own_caption="my cat", own_labels=("cat",)), record)
    assert (found(catalog, "dog"), found(catalog, label="dog"), found(catalog, "my")) == ([], [], ["a"])
    assert catalog.labels.most_frequent(10) == [("cat", 1)]
    record = catalog.write(replace(record, own_caption=None, own_labels=None), record)
    assert (found(catalog, "dog"), found(catalog, label="dog"), found(catalog, "cat")) == (["a"], ["a"], [])
    catalog.write(record.deleted(""), record)
    assert (found(catalog, "dog"), found(catalog, label="dog")) == ([], [])
    assert catalog.labels.most_frequent(10) == []


@pytest.fixture
def few_actions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Transactions so small that a photo with twenty words takes several."""
    monkeypatch.setattr(catalog_module, "MOST_ACTIONS", 8)


MANY = [f"w{letter}w" for letter in "abcdefghijklmnopqrst"]


@pytest.mark.usefixtures("few_actions")
def test_more_words_than_one_transaction_takes(catalog: Catalog) -> None:
    record = add(catalog, "a", " ".join(MANY))
    assert (record.indexed, set(record.posted)) == (INDEX, set(MANY))
    assert found(catalog, MANY[0]) == found(catalog, MANY[-1]) == ["a"]
    record = catalog.write(replace(record, own_caption="vav vbv"), record)
    assert found(catalog, MANY[-1]) == []
    assert found(catalog, "vbv") == ["a"]
    assert record.posted == ("vav", "vbv")
    record = catalog.write(replace(record, own_caption=None), record)
    record = catalog.write(record.deleted(""), record)
    assert record.posted == ()
    assert not entries_left(catalog)


@pytest.mark.usefixtures("few_actions")
def test_a_rewrite_that_breaks_off_half_way_is_finished_by_the_next(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = add(catalog, "a", "dog")
    transact = catalog.table.transact
    done: list[bool] = []

    def once(actions: Any) -> None:
        if any("ConditionExpression" in action.get("Put", {}) for action in actions):
            if done:
                raise ConnectionError
            done.append(True)
        transact(actions)

    with monkeypatch.context() as patch:
        patch.setattr(catalog.table, "transact", once)
        with pytest.raises(ConnectionError):
            catalog.write(replace(record, caption=" ".join(MANY)), record)
    half = catalog.get(record.id)
    assert half is not None
    assert half.indexed not in ("", INDEX)
    assert found(catalog, "dog") == [], "what it says counts, not what the index says"
    whole = catalog.write(half, half)
    assert (whole.indexed, set(whole.posted)) == (INDEX, set(MANY))


def test_an_emptied_block_goes_when_it_is_read(catalog: Catalog) -> None:
    record = add(catalog, "a", "dog")
    catalog.write(record.deleted(""), record)
    assert blocks(catalog, "dog") == 1
    assert found(catalog, "dog") == []
    assert blocks(catalog, "dog") == 0


def test_years_are_searched_one_after_the_other(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    for year in range(3):
        monkeypatch.setattr("time.time_ns", lambda year=year: (1_800_000_000 + year * 31_600_000) * 10**9)
        add(catalog, f"{year}", "dog")
        add(catalog, f"{year}b", "cat")
    assert found(catalog, "dog") == found(catalog, "dog", limit=1) == ["2", "1", "0"]


def test_the_most_used_words_stand_for_a_beginning(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "MOST_WORDS", 2)
    monkeypatch.setattr(vocabulary, "COUNTED", 1)
    for word, uses in (("dove", 1), ("dogma", 3), ("dog", 1), ("dozen", 2)):
        for i in range(uses):
            add(catalog, f"{word}{i}", word)
    assert set(found(catalog, "do")) == {"dogma0", "dogma1", "dogma2", "dozen0", "dozen1"}
    assert set(found(catalog, "dog")) == {"dogma0", "dogma1", "dogma2", "dog0"}, "a word itself always counts"


def test_one_request_does_a_bounded_piece_of_work(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "PLACES_PER_PAGE", 2)
    monkeypatch.setattr(search, "_MOST_WORK", 4)
    monkeypatch.setattr(search, "_MOST_PAGES", 1)
    monkeypatch.setattr(search, "_CLOSE", 100)
    add(catalog, "both", "dog cat")
    for i in range(6):
        add(catalog, f"d{i}", "dog")
        add(catalog, f"c{i}", "cat")
    first = catalog.find(Query.of("dog cat"), 10)
    assert first.records == []
    assert first.cursor is not None
    assert found(catalog, "dog cat") == ["both"]


def test_reading_costs_as_the_answer_does_not_as_the_gallery(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "PLACES_PER_PAGE", 4)
    calls: list[str] = []
    catalog.table.client.meta.events.register("before-call.dynamodb.*", lambda model, **_: calls.append(model.name))

    def calls_for(text: str) -> int:
        calls.clear()
        assert len(found(catalog, text)) == 3
        return len(calls)

    for i in range(3):
        add(catalog, f"{i}", "rare dog")
    few = calls_for("rare"), calls_for("rare dog")
    for i in range(20):
        add(catalog, f"more{i}", "dog")
    assert (calls_for("rare"), calls_for("rare dog")) == few


def test_photos_of_an_older_version_are_indexed_on_request(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = gallery.catalog
    record = add(catalog, "a", "a dog", "dog", sha256="0" * 64)
    forget_index(catalog, record)
    assert (found(catalog, "dog"), catalog.labels.most_frequent(10)) == ([], [])
    gallery.index(record.id)
    gallery.index(record.id)
    assert (found(catalog, "dog"), catalog.labels.most_frequent(10)) == (["a"], [("dog", 1)])
    assert catalog.known(["0" * 64]) == {"0" * 64: record.id}
    monkeypatch.setattr(catalog_module, "INDEX", "2")
    current = catalog.get(record.id)
    assert current is not None
    catalog.write(current, current)
    assert catalog.labels.most_frequent(10) == [("dog", 1)], "counted once"


def test_a_conflict_leaves_the_index_as_it_was(catalog: Catalog) -> None:
    record = add(catalog, "a", "dog")
    catalog.write(replace(record, caption="cat"), record)
    with pytest.raises(Conflict):
        catalog.write(replace(record, caption="cow"), record)
    assert (found(catalog, "dog"), found(catalog, "cat"), found(catalog, "cow")) == ([], ["a"], [])


def forget_index(catalog: Catalog, record: Record) -> None:
    """Make the table as a version without an index left it."""
    client = catalog.table.client
    for item in client.scan(TableName="photos")["Items"]:
        if item["pk"]["S"].startswith(("word", "labels", "content", "status")):
            client.delete_item(TableName="photos", Key={"pk": item["pk"], "sk": item["sk"]})
    client.update_item(
        TableName="photos",
        Key={"pk": {"S": f"image#{record.id}"}, "sk": {"S": "record"}},
        UpdateExpression="REMOVE #indexed, posted",
        ExpressionAttributeNames={"#indexed": "indexed"},
    )
    catalog._vocabulary._known.clear()


def entries_left(catalog: Catalog) -> list[str]:
    items = catalog.table.client.scan(TableName="photos")["Items"]
    return [item["pk"]["S"] for item in items if "entries" in item]


def blocks(catalog: Catalog, word: str) -> int:
    items = catalog.table.client.scan(TableName="photos")["Items"]
    return len([item for item in items if item["pk"]["S"].startswith(f"word#{word}#")])
