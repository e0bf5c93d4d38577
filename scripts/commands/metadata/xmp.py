"""XMP packets (ISO 16684-1): RDF in XML, in UTF-8, the same in every file format.

Packets come from strangers' files: a document type, by which XML can be made to grow without bounds or to
read other files, makes one unreadable.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.dom.minidom import Document, Element, Node
from xml.parsers.expat import ExpatError

from defusedxml import DefusedXmlException
from defusedxml.minidom import parseString

from .errors import MetadataError

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DC = "http://purl.org/dc/elements/1.1/"
_XML = "http://www.w3.org/XML/1998/namespace"
_DEFAULT = "x-default"  # the language of the words that are meant for everybody
_HEAD = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
_TAIL = '<?xpacket end="w"?>'
_EMPTY = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}"/></x:xmpmeta>'
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2


@dataclass(frozen=True)
class Words:
    """What is to be written into a file."""

    caption: str  # "" for none
    is_persons: bool  # whether a person wrote the caption: only then it takes the place of what the file has
    keywords: tuple[str, ...]

    def cleaned(self) -> Words:
        """These words without what XML has no way to write."""
        keywords = (_NOT_XML.sub("", keyword).strip() for keyword in self.keywords)
        return Words(_NOT_XML.sub("", self.caption).strip(), self.is_persons, tuple(filter(None, keywords)))

    def beside(self, caption: str, keywords: tuple[str, ...]) -> Words:
        """These words, joined with those that a file has already."""
        kept = caption if caption and not (self.is_persons and self.caption) else self.caption
        return Words(kept, self.is_persons, tuple(dict.fromkeys((*keywords, *self.keywords))))


def merge(packet: bytes | None, words: Words) -> tuple[bytes, Words]:
    """A packet with the words in it, and whatever else the given one has; and the words as they are in it now.

    Raises:
        MetadataError: the given packet can't be read.
    """
    try:
        return _merge(_parse(packet), words)
    except RecursionError as exc:
        raise MetadataError("an XMP packet that is nested too deeply") from exc


def _merge(document: Document, words: Words) -> tuple[bytes, Words]:
    rdf = next(iter(document.getElementsByTagNameNS(_RDF, "RDF")), None)
    if rdf is None:
        raise MetadataError("an XMP packet without rdf:RDF")
    caption, keywords, other_languages = _take_out(rdf)
    joined = words.beside(caption, keywords)
    target = _description(document, rdf)
    texts = [(_DEFAULT, joined.caption)] if joined.caption else []
    if captions := [*texts, *other_languages]:
        target.appendChild(_property(document, "description", "Alt", captions))
    if joined.keywords:
        target.appendChild(_property(document, "subject", "Bag", [("", keyword) for keyword in joined.keywords]))
    assert document.documentElement is not None
    return f"{_HEAD}{document.documentElement.toxml()}{_TAIL}".encode(), joined


def _parse(packet: bytes | None) -> Document:
    try:
        text = packet.decode().strip("\ufeff\0 \t\r\n") if packet else _EMPTY
        document: Document = parseString(text, forbid_dtd=True)
    except (ValueError, ExpatError, DefusedXmlException) as exc:
        raise MetadataError("an XMP packet that can't be read") from exc
    return document


def _take_out(rdf: Element) -> tuple[str, tuple[str, ...], list[tuple[str, str]]]:
    """Remove description and subject: the former for everybody, the latter, and the former by other languages."""
    by_language: list[tuple[str, str]] = []
    keywords: list[str] = []
    for holder in _children(rdf, _RDF, "Description"):
        for element in _children(holder, _DC, "description"):
            by_language += _items(element)
            holder.removeChild(element)
        for element in _children(holder, _DC, "subject"):
            keywords += [text for _, text in _items(element)]
            holder.removeChild(element)
        # Plain values may be written as attributes.
        for name, found in (("description", by_language), ("subject", None)):
            if text := holder.getAttributeNS(_DC, name):
                holder.removeAttributeNS(_DC, name)
                if found is None:
                    keywords.append(text)
                else:
                    found.append((_DEFAULT, text))
    defaults = [text for language, text in by_language if language == _DEFAULT]
    others = [(language, text) for language, text in by_language if language != _DEFAULT]
    caption = next(iter(defaults or [text for _, text in others]), "")
    return caption, tuple(keywords), others


def _items(element: Element) -> list[tuple[str, str]]:
    """Languages and texts of an array, or of a plain value."""
    items = element.getElementsByTagNameNS(_RDF, "li")
    found = [(item.getAttributeNS(_XML, "lang") or _DEFAULT, _text(item)) for item in items]
    return [(language, text) for language, text in found or [(_DEFAULT, _text(element))] if text]


def _text(element: Element) -> str:
    texts = (node.data for node in element.childNodes if node.nodeType in (Node.TEXT_NODE, Node.CDATA_SECTION_NODE))
    return "".join(texts).strip()


def _description(document: Document, rdf: Element) -> Element:
    """The element that holds properties: the first there is, or a new one."""
    for found in _children(rdf, _RDF, "Description"):
        return found
    created = _element(document, _RDF, "rdf:Description")
    created.setAttributeNS(_RDF, "rdf:about", "")
    rdf.appendChild(created)
    return created


def _property(document: Document, name: str, kind: str, items: list[tuple[str, str]]) -> Element:
    created = _element(document, _DC, f"dc:{name}")
    array = _element(document, _RDF, f"rdf:{kind}")
    for language, text in items:
        item = document.createElementNS(_RDF, "rdf:li")
        if language:
            item.setAttributeNS(_XML, "xml:lang", language)
        item.appendChild(document.createTextNode(_NOT_XML.sub("", text)))
        array.appendChild(item)
    created.appendChild(array)
    return created


def _element(document: Document, namespace: str, name: str) -> Element:
    """An element that declares its prefix itself: the packet may use another, or that one for something else."""
    created = document.createElementNS(namespace, name)
    created.setAttribute(f"xmlns:{name.partition(':')[0]}", namespace)
    return created


def _children(parent: Element, namespace: str, name: str) -> list[Element]:
    return [
        node
        for node in parent.childNodes
        if node.nodeType == Node.ELEMENT_NODE and (node.namespaceURI, node.localName) == (namespace, name)
    ]
