"""How many photos have each label.

pk                sk       what
labels#<shard>    <name>   n: how many photos of the shard show the label; a photo's id names its shard
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from .records import Record
from .table import Item, Table, key, number
from .tokens import words

_SHARDS = 2  # more take more writes a second, and longer to read
_AT_ONCE = 1000


class Labels:
    """Counts labels, in the transactions that write the records."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def changes(self, record: Record, previous: Record | None) -> list[Item]:
        """The actions that keep the counts when a record takes the place of another."""
        before = _names(previous) if previous and previous.indexed else set()
        after = _names(record)
        shard = ord(record.id[-1]) % _SHARDS
        return [
            self._table.add(key(f"labels#{shard}", name), n=number(1 if name in after else -1))
            for name in sorted(before ^ after)
        ]

    def most_frequent(self, limit: int, start: str = "") -> list[tuple[str, int]]:
        """Labels with the number of photos that show them, the most frequent first, then by name.

        Args:
            start: how a word of the label begins, if not all are wanted.
        """
        counts: Counter[str] = Counter()
        for name, count in self._all():
            counts[name] += count
        wanted = words(start)
        found = [
            (name, count) for name, count in counts.items() if count > 0 and _has_words_beginning(name, wanted, start)
        ]
        return sorted(found, key=lambda label: (-label[1], label[0]))[:limit]

    def _all(self) -> Iterator[tuple[str, int]]:
        for shard in range(_SHARDS):
            last, more = "", True
            while more:
                items, more = self._table.query(f"labels#{shard}", _AT_ONCE, up_to=last)
                for item in items:
                    if (name := item["sk"]["S"]) != last:
                        yield name, int(item["n"]["N"])
                last = items[-1]["sk"]["S"] if items else ""


def _names(record: Record) -> set[str]:
    return {label["name"] for label in record.shown_labels} if record.is_visible else set()


def _has_words_beginning(name: str, wanted: list[str], start: str) -> bool:
    """Whether the label has all of these words, the last one at least as a beginning."""
    if not wanted:
        return start.strip().casefold() in name.casefold()
    found = words(name)
    return all(word in found for word in wanted[:-1]) and any(word.startswith(wanted[-1]) for word in found)
