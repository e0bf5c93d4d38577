"""Words as they are searched for: of captions, labels and file names, and of what a person types.

Case and accents don't count. A number is a word of its own where it follows letters (DSC01234 is
"dsc" and "01234"); what mixes letters and digits more than that stays one word. Chinese, Japanese,
Thai and other scripts without spaces are cut into pairs of characters.
"""

from __future__ import annotations

import re
import unicodedata
from string import ascii_lowercase

WORD_LENGTH = 40  # characters of a word that count
LITTLE_WORDS = frozenset(
    [
        *("a", "about", "an", "and", "are", "as", "at", "be", "being", "by", "can", "for", "from", "had", "has"),
        *("have", "he", "her", "his", "i", "in", "into", "is", "it", "its", "of", "off", "on", "onto", "or", "she"),
        *("some", "that", "the", "their", "them", "there", "they", "this", "to", "up", "was", "were", "which"),
        *("while", "with"),
    ]
)
STOP_WORDS = LITTLE_WORDS | set(ascii_lowercase)  # which don't find a photo by its caption or its file's name
_WORD = re.compile(r"[^\W_]+")
_LETTERS_AND_NUMBER = re.compile(r"([^\W\d_]+)(\d+)")
# Thai, Lao, Burmese and Khmer; kana; Han.
_SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUN = re.compile(f"[{_SPACELESS}]+|[^{_SPACELESS}]+")
_IRREGULAR = {
    "child": "children",
    "foot": "feet",
    "goose": "geese",
    "man": "men",
    "mouse": "mice",
    "person": "people",
    "tooth": "teeth",
    "woman": "women",
}
_OTHER_NUMBER = _IRREGULAR | {plural: singular for singular, plural in _IRREGULAR.items()}


def words(text: str) -> list[str]:
    """The words of a text, in their order."""
    return [
        part[:WORD_LENGTH] for word in _WORD.findall(_plain(text)) for run in _RUN.findall(word) for part in _parts(run)
    ]


def telling(some: list[str]) -> list[str]:
    """Those words that tell something, without "the" and "on" and their like."""
    return [word for word in some if word not in STOP_WORDS]


def same_words(word: str) -> set[str]:
    """A word with its English plural or singular, as far as the spelling tells. Some of them may be no words."""
    same = {word}
    if not word.isascii() or not word.isalpha() or len(word) < 3:
        return same
    if word in _OTHER_NUMBER:
        return same | {_OTHER_NUMBER[word]}
    if word.endswith("ies") and len(word) > 4:
        same.add(word[:-3] + "y")
    if word.endswith(("ches", "shes", "sses", "xes", "zes", "oes", "uses")):
        same.add(word[:-2])
    if word.endswith("s"):
        if not word.endswith(("ss", "us", "is")) and len(word) > 3:
            same.add(word[:-1])
    elif word.endswith("y") and word[-2] not in "aeiou":
        same.add(word[:-1] + "ies")
    else:
        same.add(word + "s")
    if word.endswith(("ch", "sh", "ss", "x", "z", "o", "us")):
        same.add(word + "es")
    return same


def _plain(text: str) -> str:
    """Small letters without accents."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(c for c in letters if unicodedata.category(c) != "Mn")).casefold()


def _parts(run: str) -> list[str]:
    if match := _LETTERS_AND_NUMBER.fullmatch(run):
        return [match[1], match[2]]
    if len(run) > 1 and re.match(f"[{_SPACELESS}]", run):
        return [run[i : i + 2] for i in range(len(run) - 1)]
    return [run]
