"""The file of a recording: a line that names it, then chunks of compressed bytes.

A chunk is a fixed head and what it says that follows. Chunks of one run share a
compression window; a run begins with a key chunk, which can be read without any other.
Whatever ends a writer, all chunks that it wrote whole can be read: a head has a check
sum of what follows it, and the reader stops where one does not hold.

Not safe for several threads: a writer and a reader each belong to one.
"""

import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

NAME: Final = b"pool_gui recording "
"""How a file of any layout begins: whoever opens it in an editor sees what it is."""

MAGIC: Final = NAME + b"1\n"
"""Of this layout."""

_HEAD: Final = struct.Struct("<4sBqqII")
_SIGN: Final = b"PGRC"
_KEY: Final = 1
_LEVEL: Final = 6
MAX_CHUNK_BYTES: Final = 64 << 20
"""No chunk is longer, packed or not: a damaged head cannot ask for all memory."""


class NoRecordingError(Exception):
    """The file is no recording, or of a layout that is not known here.

    Attributes:
        layout: the layout's number; empty where it is no recording.
    """

    def __init__(self, layout: str = "") -> None:
        super().__init__(layout)
        self.layout = layout


@dataclass(frozen=True, slots=True)
class Chunk:
    """Where a chunk is, and what of."""

    offset: int
    """Of what follows its head."""
    length: int
    check: int
    first_ns: int
    """When the first of its messages came."""
    last_ns: int
    is_key: bool


class ChunkWriter:
    """Writes chunks; each is in the file, or handed to the system, when `add` returns.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        # Unbuffered: what was written outlives the process, however it ends.
        self._file = path.open("wb", buffering=0)
        self._packer = zlib.compressobj(_LEVEL)
        self.size_bytes = 0
        self._write(MAGIC)

    def add(self, content: bytes, first_ns: int, last_ns: int, *, key: bool) -> None:
        """Add a chunk.

        Args:
            content: at most MAX_CHUNK_BYTES.
            first_ns: when the first of its messages came.
            last_ns: when the last did.
            key: it begins a run, and so can be read alone.
        """
        if key:
            self._packer = zlib.compressobj(_LEVEL)
        packed = self._packer.compress(content)
        packed += self._packer.flush(zlib.Z_SYNC_FLUSH)
        flags = _KEY if key else 0
        length, check = len(packed), zlib.crc32(packed)
        head = _HEAD.pack(_SIGN, flags, first_ns, last_ns, length, check)
        self._write(head + packed)

    def _write(self, content: bytes) -> None:
        left = memoryview(content)
        while left:
            written = self._file.write(left)
            left = left[written:]
        self.size_bytes += len(content)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class ChunkReader:
    """Reads a file's chunks; what is damaged, and all that comes after it, is left out.

    Attributes:
        chunks: those that are whole, in the order of time.
        is_damaged: whether the file goes on after them.

    Raises:
        OSError: the file cannot be read.
        NoRecordingError: it is none.
    """

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("rb")
        try:
            self._check_magic()
            self.chunks, self.is_damaged = _scan(self._file)
        except BaseException:
            self._file.close()
            raise
        self._unpacker = zlib.decompressobj()
        self._next = 0

    def _check_magic(self) -> None:
        magic = self._file.read(len(MAGIC))
        if magic == MAGIC:
            return
        if magic.startswith(NAME):
            layout = magic.removeprefix(NAME).strip().decode("ascii", "replace")
            raise NoRecordingError(layout)
        raise NoRecordingError

    def seek(self, number: int) -> None:
        """Let `read` go on with this chunk, which is a key chunk."""
        self._next = number
        self._unpacker = zlib.decompressobj()

    def read(self) -> bytes | None:
        """Return the next chunk's content; None at the end, or where it is damaged."""
        if self._next >= len(self.chunks):
            return None
        chunk = self.chunks[self._next]
        if chunk.is_key:
            self._unpacker = zlib.decompressobj()
        self._file.seek(chunk.offset)
        packed = self._file.read(chunk.length)
        if len(packed) != chunk.length or zlib.crc32(packed) != chunk.check:
            self._cut()
            return None
        try:
            content = self._unpacker.decompress(packed, MAX_CHUNK_BYTES)
        except zlib.error:
            self._cut()
            return None
        self._next += 1
        return content

    def _cut(self) -> None:
        """Let the file end before the chunk that cannot be read."""
        del self.chunks[self._next :]
        self.is_damaged = True

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _scan(file: BinaryIO) -> tuple[list[Chunk], bool]:
    """Return all chunks whose heads are whole, and whether something is left over."""
    end = file.seek(0, io.SEEK_END)
    offset, chunks = len(MAGIC), list[Chunk]()
    while offset + _HEAD.size <= end:
        file.seek(offset)
        sign, flags, first_ns, last_ns, length, check = _HEAD.unpack(
            file.read(_HEAD.size)
        )
        offset += _HEAD.size
        fits = length <= MAX_CHUNK_BYTES and offset + length <= end
        in_order = first_ns <= last_ns
        if chunks:
            in_order &= chunks[-1].last_ns <= last_ns
        if sign != _SIGN or not (fits and in_order and (chunks or flags & _KEY)):
            return chunks, True
        is_key = bool(flags & _KEY)
        chunks.append(Chunk(offset, length, check, first_ns, last_ns, is_key))
        offset += length
    return chunks, offset < end
