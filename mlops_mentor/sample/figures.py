"""Small pictures for reports.

Belongs here: the bytes of a PNG that shows stripes, the same on each machine: nothing is compressed, because libraries
that compress differ.
"""

import struct
import zlib

_SIZE = 16


def stripes(seed: int) -> bytes:
    """A picture of 16 by 16 grey stripes; another seed gives another picture."""
    row = bytes([0]) + bytes((seed * 37 + 15 * column) % 256 for column in range(_SIZE))
    header = struct.pack(">IIBBBBB", _SIZE, _SIZE, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", _stored(row * _SIZE)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _stored(content: bytes) -> bytes:
    # One block of zlib's format that is kept as it is.
    size = len(content)
    return (
        b"\x78\x01\x01" + struct.pack("<HH", size, size ^ 0xFFFF) + content + struct.pack(">I", zlib.adler32(content))
    )
