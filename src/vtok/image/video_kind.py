"""What container a video's file is, by its first bytes; and whether an MP4's tables claim more than it can hold."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import BinaryIO

from vtok.errors import ImageError

#: Endings by which a video in a folder is told from the other files there. Not .ts, which is mostly TypeScript.
VIDEO_SUFFIXES = frozenset(
    f".{ending}"
    for endings in (
        ("mp4", "m4v", "mov", "qt", "3gp", "3g2"),
        ("mkv", "webm", "avi", "flv", "wmv", "asf", "ogv"),
        ("mpg", "mpeg", "m2ts", "mts", "vob"),
    )
    for ending in endings
)
#: What people call the containers that are read.
NAMES = "MP4, MOV, MKV, WebM, AVI, MPEG, FLV, WMV, OGV or GIF"
#: Bytes at the start of a file that suffice to tell what it is.
HEAD_BYTES = 197
# FFmpeg's name of each container, what stands in its head, and where. None of them is a list of other files.
_MAGIC = (
    ("mp4", 4, (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")),
    ("matroska", 0, (b"\x1a\x45\xdf\xa3",)),
    ("avi", 8, (b"AVI ", b"AVIX", b"AVI\x19")),
    ("mpeg", 0, (b"\x00\x00\x01\xba",)),
    ("mpegts", 0, (b"\x47",)),
    ("mpegts", 4, (b"\x47",)),
    ("flv", 0, (b"FLV\x01",)),
    ("asf", 0, (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",)),
    ("ogg", 0, (b"OggS",)),
    ("gif", 0, (b"GIF87a", b"GIF89a")),
)
# A transport stream's packets begin with one byte, too little to go by; the next packet must begin so as well.
_TS_PACKETS = {0: 188, 4: 192}
# Pictures that share a container with MP4, by their brand.
_STILLS = frozenset((b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"))
# Flags of a fragment's table that say that it lists a number for each sample.
_LISTED = 0xF00
_MOST_TABLES = 512 * 2**20


def container_of(head: bytes) -> str | None:
    """FFmpeg's name of the container that begins with ``head`` (``HEAD_BYTES`` of it); None for any other file."""
    for name, place, marks in _MAGIC:
        if not head[place:].startswith(marks) or (name == "mp4" and head[8:12] in _STILLS):
            continue
        if name != "mpegts" or head[place + _TS_PACKETS[place] :].startswith(b"\x47"):
            return name
    return None


def check_tables(path: Path, file: BinaryIO, size: int, most_frames: int) -> None:
    """Raise ``ImageError`` for an MP4 of ``size`` bytes whose tables claim samples without giving a byte to each.

    FFmpeg makes room for every sample that a table claims, so that a few hundred bytes could fill the memory. A table
    that lists its samples one by one is bounded by its own length; checked are those that give one number for all.
    """
    place, read, claimed = 0, 0, 0
    while place + 8 <= size:
        file.seek(place)
        length, kind, long = struct.unpack(">I4sQ", file.read(16).ljust(16, b"\0"))
        length = long if length == 1 else length or size - place
        if length < 8:
            break
        if kind != b"mdat":
            read += min(length, size - place)
            if read > _MOST_TABLES:
                raise ImageError(f"{path} has more than {_MOST_TABLES:,} bytes of tables; it is not read")
            file.seek(place)
            claimed += _claimed(path, file.read(length), size)
            if claimed > most_frames:
                raise ImageError(f"{path} claims {claimed:,} frames, over the limit of {most_frames:,}; cut it first")
        place += length


def _claimed(path: Path, box: bytes, size: int) -> int:
    """Samples that tables in ``box``, at whatever depth, claim without listing them."""
    if b"cmov" in box:
        raise ImageError(f"{path} has a compressed index, which is not read; save it as a plain MP4")
    claimed = 0
    for found in re.finditer(b"stsz....(....)(....)", box, re.DOTALL):
        each, count = (int.from_bytes(number, "big") for number in found.groups())
        if each and each * count > size:
            raise ImageError(f"{path} is broken: it claims {count:,} samples of {each:,} bytes in {size:,} bytes")
    for found in re.finditer(b"trun.(...)(....)", box, re.DOTALL):
        flags, count = (int.from_bytes(number, "big") for number in found.groups())
        listed = flags & _LISTED and 4 * count <= len(box) - found.end()
        claimed += 0 if listed else count
    return claimed
