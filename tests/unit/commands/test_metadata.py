from __future__ import annotations

import hashlib
import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image, IptcImagePlugin, JpegImagePlugin, PngImagePlugin

from commands.metadata import Tagged, Words, tag

WORDS = Words("Ein Hund läuft & springt <über> die Wiese.", False, ("dog", "Käse; Brot", "犬"))
PICTURE = Image.linear_gradient("L").resize((61, 47)).convert("RGB")
HEAD = b"http://ns.adobe.com/xap/1.0/\0"


def saved(form: str, picture: Image.Image = PICTURE, **more: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **more)
    return buffer.getvalue()


def packet(properties: str = "", attributes: str = "") -> bytes:
    """XMP as other programs write it."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<r:Description r:about="uuid:1" xmlns:d="http://purl.org/dc/elements/1.1/" '
        f'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4" {attributes}>{properties}</r:Description>'
        f'</r:RDF></x:xmpmeta>\n{" " * 100}<?xpacket end="w"?>'
    ).encode()


DESCRIBED = (
    '<d:description><r:Alt><r:li xml:lang="x-default">My own words</r:li><r:li xml:lang="de">Meine</r:li></r:Alt>'
    "</d:description><d:subject><r:Bag><r:li>holiday</r:li><r:li>dog</r:li></r:Bag></d:subject>"
)


def description_of(data: bytes) -> Any:
    """What Pillow reads of the XMP in a file."""
    with Image.open(io.BytesIO(data)) as picture:
        return picture.getxmp()["xmpmeta"]["RDF"]["Description"]


def words_of(data: bytes) -> tuple[str, list[str]]:
    found = description_of(data)
    alternatives, keywords = found["description"]["Alt"]["li"], found["subject"]["Bag"]["li"]
    default = alternatives[0] if isinstance(alternatives, list) else alternatives
    assert default["lang"] == "x-default"
    return default["text"], keywords if isinstance(keywords, list) else [keywords]


def pixels(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as picture:
        return picture.tobytes()


def embedded(data: bytes, words: Words = WORDS) -> bytes:
    tagged = tag(data, words)
    assert tagged.sidecar is None
    return tagged.data


def beside(tagged: Tagged, data: bytes) -> str:
    """The sidecar of a file that stayed as it was."""
    assert tagged.data == data
    assert tagged.sidecar is not None
    return tagged.sidecar.decode()


FILES = {
    "JPEG": saved("JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0", icc_profile=b"profile" * 20_000),
    "progressive JPEG": saved("JPEG", progressive=True, comment="a comment"),
    "PNG": saved("PNG", dpi=(72, 72)),
    "PNG with two frames": saved("PNG", save_all=True, append_images=[PICTURE.rotate(90)]),
    "lossy WebP": saved("WEBP", quality=50),
    "lossless WebP": saved("WEBP", lossless=True),
    "WebP with transparency": saved("WEBP", PICTURE.convert("RGBA"), lossless=True, exact=True),
    "lossy WebP with transparency": saved("WEBP", Image.new("RGBA", (33, 44), (1, 2, 3, 100))),
    "WebP with two frames": saved("WEBP", save_all=True, append_images=[PICTURE.rotate(90)]),
    "WebP with a profile": saved("WEBP", icc_profile=b"odd"),
}


@pytest.mark.parametrize("data", FILES.values(), ids=FILES)
def test_words_are_read_back_and_the_picture_is_as_it_was(data: bytes) -> None:
    tagged = embedded(data)
    assert words_of(tagged) == (WORDS.caption, list(WORDS.keywords))
    assert pixels(tagged) == pixels(data)
    with Image.open(io.BytesIO(data)) as before, Image.open(io.BytesIO(tagged)) as after:
        ours = {"xmp", "XML:com.adobe.xmp", "photoshop"}
        assert {name: value for name, value in after.info.items() if name not in ours} == before.info
        assert (after.mode, after.size) == (before.mode, before.size)
        assert getattr(after, "n_frames", 1) == getattr(before, "n_frames", 1)
    assert embedded(tagged) == tagged, "once more changes nothing"


def test_what_a_jpeg_consists_of_stays_byte_for_byte() -> None:
    data = FILES["JPEG"]
    tagged = embedded(data)
    exif_end = 2 + 18 + data[20:].index(b"\xff\xe2")  # JFIF, Exif; then the profile
    start = tagged.index(b"\xff\xe2")
    assert tagged[:exif_end] == data[:exif_end]
    assert tagged[start:] == data[exif_end:]
    assert tagged[exif_end:].startswith(b"\xff\xe1")
    assert tagged[exif_end + 4 :].startswith(HEAD)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_xmp_that_is_there_is_joined(form: str) -> None:
    data = saved(form, **of_packet(form, packet(DESCRIBED, 'd:format="image/jpeg"')))
    tagged = embedded(data)
    assert words_of(tagged) == ("My own words", ["holiday", "dog", "Käse; Brot", "犬"]), "a model keeps silent"
    found = description_of(tagged)
    assert (found["Rating"], found["format"], found["about"]) == ("4", "image/jpeg", "uuid:1")
    assert found["description"]["Alt"]["li"][1] == {"lang": "de", "text": "Meine"}
    persons = embedded(data, Words("Hers", True, ()))
    assert words_of(persons) == ("Hers", ["holiday", "dog"])
    assert description_of(persons)["description"]["Alt"]["li"][1] == {"lang": "de", "text": "Meine"}
    assert pixels(tagged) == pixels(data)


def of_packet(form: str, xmp: bytes) -> dict[str, Any]:
    if form != "PNG":
        return {"xmp": xmp}
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", xmp.decode())
    return {"pnginfo": info}


def test_xmp_in_plain_values() -> None:
    data = saved("JPEG", xmp=packet("<d:subject>a pier</d:subject>", 'd:description="Sea" d:subject="sun"'))
    assert words_of(embedded(data)) == ("Sea", ["a pier", "sun", *WORDS.keywords])


@pytest.mark.parametrize("is_compressed", [False, True])
def test_xmp_of_a_png_behind_the_picture(is_compressed: bool) -> None:
    xmp = packet(DESCRIBED)
    content = b"XML:com.adobe.xmp\0" + (b"\1\0\0\0" + zlib.compress(xmp) if is_compressed else b"\0\0\0\0" + xmp)
    chunk = struct.pack(">I", len(content)) + b"iTXt" + content + struct.pack(">I", zlib.crc32(b"iTXt" + content))
    data = saved("PNG")
    tagged = embedded(data[:-12] + chunk + data[-12:] + b"and more")
    assert words_of(tagged)[0] == "My own words"
    assert tagged.count(b"XML:com.adobe.xmp") == 1
    assert tagged.endswith(data[-12:] + b"and more")


NOTHING = Words("", False, ())


def test_no_words_at_all() -> None:
    assert description_of(embedded(FILES["PNG"], NOTHING)) == {"about": ""}
    with Image.open(io.BytesIO(embedded(FILES["JPEG"], NOTHING))) as picture:
        assert IptcImagePlugin.getiptcinfo(picture) is not None


def test_characters_that_xml_does_not_have() -> None:
    tagged = embedded(FILES["JPEG"], Words("a\0b\x0bc\ufffed", True, ("\ud800 e",)))
    assert words_of(tagged) == ("abcd", ["e"])


def photoshop(*resources: tuple[int, bytes]) -> bytes:
    parts = [
        b"8BIM" + struct.pack(">HH", number, 0) + struct.pack(">I", len(content)) + content + b"\0" * (len(content) % 2)
        for number, content in resources
    ]
    return b"Photoshop 3.0\0" + b"".join(parts)


def dataset(record: int, number: int, content: bytes) -> bytes:
    return bytes([0x1C, record, number]) + struct.pack(">H", len(content)) + content


def with_segment(data: bytes, marker: int, content: bytes) -> bytes:
    return data[:20] + bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content + data[20:]


def iptc_of(data: bytes) -> Any:
    with Image.open(io.BytesIO(data)) as picture:
        assert isinstance(picture, JpegImagePlugin.JpegImageFile)
        return IptcImagePlugin.getiptcinfo(picture)


def test_iptc_has_the_words_too() -> None:
    long = Words("ü" * 1500, False, ("k" * 100, "ö" * 60))
    found = iptc_of(embedded(FILES["JPEG"], long))
    assert found[1, 90] == b"\x1b%G"
    assert found[2, 120].decode() == "ü" * 1000, "2,000 bytes"
    assert [keyword.decode() for keyword in found[2, 25]] == ["k" * 64, "ö" * 32]


def test_iptc_that_is_there_is_joined_and_made_unicode() -> None:
    iim = b"".join(
        [
            dataset(2, 0, b"\0\2"),
            dataset(2, 25, "Käse".encode("cp1252")),
            dataset(2, 80, "Jürgen".encode("cp1252")),
            dataset(2, 120, "Über uns".encode("cp1252")),
            dataset(2, 202, b"\xfc\x00\xfd"),
        ]
    )
    data = with_segment(saved("JPEG"), 0xED, photoshop((0x0BB7, b"odd"), (0x0404, iim), (0x0425, b"0" * 16)))
    tagged = embedded(data)
    assert words_of(tagged) == ("Über uns", ["Käse", *WORDS.keywords]), "what IPTC says is in XMP too"
    found = iptc_of(tagged)
    assert found[2, 120].decode() == "Über uns"
    assert [keyword.decode() for keyword in found[2, 25]] == ["Käse", *WORDS.keywords]
    assert found[2, 80].decode() == "Jürgen"
    assert found[2, 202] == b"\xfc\x00\xfd"
    with Image.open(io.BytesIO(tagged)) as picture:
        resources = picture.info["photoshop"]
    assert resources[0x0425] == hashlib.md5(resources[0x0404]).digest()
    assert resources[0x0BB7] == b"odd"
    persons = embedded(tagged, Words("Hers", True, ()))
    assert (words_of(persons)[0], iptc_of(persons)[2, 120]) == ("Hers", b"Hers")


def test_iptc_in_several_segments() -> None:
    resources = photoshop((0x0404, dataset(2, 80, b"x")), (0x0BB7, bytes(90_000)))
    middle = 60_000
    data = with_segment(saved("JPEG"), 0xED, b"Photoshop 3.0\0" + resources[middle:])
    tagged = embedded(with_segment(data, 0xED, resources[:middle]))
    assert tagged.count(b"Photoshop 3.0\0") == 2
    assert iptc_of(tagged)[2, 80] == b"x"
    assert pixels(tagged) == pixels(data)


@pytest.mark.parametrize("junk", [b"junk", b"8BIM\4\4\0\0\0\0\0\x09short", photoshop((0x0404, b"no IIM"))[14:]])
def test_iptc_that_can_not_be_read_is_left_alone(junk: bytes) -> None:
    data = with_segment(saved("JPEG"), 0xED, b"Photoshop 3.0\0" + junk)
    tagged = embedded(data)
    assert b"Photoshop 3.0\0" + junk in tagged
    assert tagged.count(b"Photoshop 3.0\0") == 1
    assert words_of(tagged) == (WORDS.caption, list(WORDS.keywords))


@pytest.mark.parametrize("is_before", [True, False])
def test_further_pictures_are_found_again(is_before: bool) -> None:
    second = PICTURE.rotate(180)
    data = saved("MPO", save_all=True, append_images=[second])
    content = HEAD + packet(DESCRIBED)
    segment = b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content
    if not is_before:  # XMP may stand behind the list of pictures, too; ours always stands before it
        place = data.index(b"MPF\0")
        behind = place - 2 + struct.unpack(">H", data[place - 2 : place])[0]
        data = data[:behind] + segment + data[behind:]
        entry = data.index(b"MPF\0") + 4
        data = moved(data, entry, len(segment))
    tagged = embedded(data)
    for frame in (0, 1):
        with Image.open(io.BytesIO(data)) as before, Image.open(io.BytesIO(tagged)) as after:
            assert (before.format, after.format) == ("MPO", "MPO")
            before.seek(frame)
            after.seek(frame)
            assert after.tobytes() == before.tobytes()
            sizes = [entry["Size"] for entry in after.mpinfo[0xB002]]  # type: ignore[attr-defined]
    assert sum(sizes) == len(tagged)


def moved(data: bytes, index: int, by: int) -> bytes:
    """Mend the list of pictures of a file that we grew behind it."""
    from commands.metadata.multi_picture import mended

    length = struct.unpack(">H", data[index - 6 : index - 4])[0] - 6
    return data[:index] + mended(data[index : index + length], by, by) + data[index + length :]


@pytest.mark.parametrize("index", [b"", b"junk", b"MM\0*", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff"])
def test_a_list_of_pictures_that_makes_no_sense_stays_as_it_is(index: bytes) -> None:
    tagged = embedded(with_segment(saved("JPEG"), 0xE2, b"MPF\0" + index))
    assert b"MPF\0" + index in tagged


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
ODD_PACKETS = {
    "no XML": b"no xml",
    "no RDF": b"<x/>",
    "a document type": BOMB + packet(),
    "not UTF-8": packet().replace(b"uuid:1", b"\xff"),
    "too deep": packet("<d:a>" * 4000 + "</d:a>" * 4000),
}


@pytest.mark.parametrize("xmp", ODD_PACKETS.values(), ids=ODD_PACKETS)
def test_a_packet_that_can_not_be_read_stays_and_words_go_beside(xmp: bytes) -> None:
    data = saved("JPEG", xmp=xmp)
    sidecar = beside(tag(data, WORDS), data)
    assert "<rdf:li>Käse; Brot</rdf:li>" in sidecar


def test_words_that_do_not_fit_into_a_jpeg_go_beside() -> None:
    data = saved("JPEG", xmp=packet(f"<xmp:Note>{'n' * 64_700}</xmp:Note>"))
    assert "n" * 64_700 in beside(tag(data, WORDS), data)


@pytest.mark.parametrize("form", ["TIFF", "GIF", "BMP", "AVIF"])
def test_other_formats_get_a_file_beside_them(form: str) -> None:
    data = saved(form, PICTURE)
    sidecar = beside(tag(data, WORDS), data)
    assert '<rdf:li xml:lang="x-default">Ein Hund läuft &amp; springt &lt;über&gt; die Wiese.</rdf:li>' in sidecar
    assert sidecar.startswith("<?xpacket begin=")


def test_a_file_beside_another_says_what_that_says_itself() -> None:
    data = saved("TIFF", tiffinfo={700: packet(DESCRIBED)})
    sidecar = beside(tag(data, WORDS), data)
    assert "My own words" in sidecar
    assert "holiday" in sidecar
    assert WORDS.caption.partition(" &")[0] not in sidecar


def broken_files() -> dict[str, bytes]:
    files: dict[str, bytes] = {"nothing": b"", "text": b"text"}
    for name in ("JPEG", "PNG", "lossy WebP", "lossless WebP", "WebP with a profile"):
        data = FILES[name]
        files |= {f"{name}, {length} bytes": data[:length] for length in (*range(3, 40), 60)}
    files["a PNG with a wrong checksum"] = FILES["PNG"].replace(b"pHYs", b"pHYx")
    files["a PNG without its header"] = FILES["PNG"][:8] + FILES["PNG"][33:]
    files["a WebP without anything"] = b"RIFF\4\0\0\0WEBP"
    files["a WebP of another kind"] = b"RIFF\x18\0\0\0WEBPVP8?\x0c\0\0\0" + bytes(12)
    files["a WebP without a size"] = b"RIFF\x18\0\0\0WEBPVP8 \x0c\0\0\0" + bytes(12)
    files["a WebP with a short header"] = b"RIFF\x10\0\0\0WEBPVP8X\4\0\0\0" + bytes(4)
    return files


@pytest.mark.parametrize("data", broken_files().values(), ids=broken_files())
def test_broken_files_stay_as_they_are(data: bytes) -> None:
    assert "dog" in beside(tag(data, WORDS), data)
