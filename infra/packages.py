"""What goes to Lambda: the files of each function and layer of template.yaml, and the zips that carry them."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).parent.parent
PACK_MODULE = "captionary_pack"
FUNCTION, LAYER = "AWS::Serverless::Function", "AWS::Serverless::LayerVersion"
SOURCES = {FUNCTION: "CodeUri", LAYER: "ContentUri"}  # the property that says where the files are
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same content gives the same zip
_READABLE = 0o644 << 16  # for everyone: on Lambda the files belong to another user than the functions'

Files = list[tuple[str, Path]]  # names in the zip, in a fixed order


def read_template() -> dict[str, Any]:
    """template.yaml, with CloudFormation's short forms (`!Ref`) spelt out."""
    template: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
    return template


def contents(template: dict[str, Any], pack: Path, wheels: Path | None = None) -> dict[str, Files]:
    """The files of each function and layer, by its name in the template.

    Args:
        pack: folder of the model pack that becomes the model layer.
        wheels: folder of the runtime layer, as layers/runtime/build.py makes it. Without one, the functions
            run in an environment that holds the wheels, and the layer is no more than the list of them.
    """
    found = {}
    for name, resource in template["Resources"].items():
        if (kind := resource["Type"]) in SOURCES:
            source = ROOT / resource["Properties"][SOURCES[kind]]
            found[name] = _layer(name, source, pack, wheels) if kind == LAYER else folder(source)
    return found


def folder(path: Path, prefix: str = "") -> Files:
    """The files of a folder with their names in the zip, in a fixed order."""
    return [
        (prefix + file.relative_to(path).as_posix(), file)
        for file in sorted(path.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts
    ]


def _layer(name: str, source: Path, pack: Path, wheels: Path | None) -> Files:
    if name == "RuntimeLayer":
        return folder(wheels) if wheels else [("requirements.txt", source / "requirements.txt")]
    if name == "ResNet50Layer":
        return [*folder(source / "layer"), *folder(pack, f"python/{PACK_MODULE}/")]
    return folder(source)


def layers_of(template: dict[str, Any], function: str) -> list[str]:
    """Names of a function's layers."""
    return [layer["Ref"] for layer in template["Resources"][function]["Properties"].get("Layers", [])]


def size(files: Files) -> int:
    """Bytes of these files, unzipped."""
    return sum(path.stat().st_size for _, path in files)


def fingerprint(files: Files) -> str:
    """A name for these files that changes with their names or contents."""
    digest = hashlib.sha256()
    for name, path in files:
        with path.open("rb") as file:
            digest.update(f"{name}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()


def write_zip(files: Iterable[tuple[str, Path]], out: IO[bytes], compression: int = zipfile.ZIP_STORED) -> None:
    """Zip these files."""
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, path in files:
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = _READABLE | (0o111 << 16 if os.access(path, os.X_OK) else 0)
            archive.writestr(entry, path.read_bytes(), compression)
