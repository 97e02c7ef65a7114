import pytest

from pool_gui.monitor.sampling.look import Wait
from pool_gui.monitor.sampling.syscalls import (
    _AARCH64,
    _X86_64,
    classify,
    kind_of_link,
    runtime_areas,
)

GIL = [(0x7F00_0000, 0x7F10_0000)]
LINKS = {3: "socket:[1]", 4: "/var/lib/data.db", 5: "pipe:[2]", 6: "/dev/pts/0"}


def kind_of(descriptor: int) -> Wait:
    return kind_of_link(LINKS[descriptor])


@pytest.mark.parametrize(
    ("told", "wait"),
    [
        (b"running\n", Wait.NONE),
        (b"202 0x7f0546f0 0x89 0x0 0x7f61 0x0 0xff 0x1 0x2", Wait.GIL),
        (b"202 0x7f0546f4 0x189 0x0 0x0 0x0 0xff 0x1 0x2", Wait.GIL),
        # A timed lock has the same operation as the GIL; only the address differs.
        (b"202 0x5631ae 0x89 0x0 0x7f61 0x0 0xff 0x1 0x2", Wait.LOCK),
        (b"202 0x7f100000 0x189 0x0 0x0 0x0 0xff 0x1 0x2", Wait.LOCK),
        (b"230 0x1 0x0 0x7f 0x0 0x0 0x0 0x1 0x2", Wait.SLEEP),
        (b"45 0x9 0x0 0x0 0x0 0x0 0x0 0x1 0x2", Wait.NETWORK),
        (b"0 0x3 0x0 0x0 0x0 0x0 0x0 0x1 0x2", Wait.NETWORK),
        (b"1 0x4 0x0 0x0 0x0 0x0 0x0 0x1 0x2", Wait.DISK),
        (b"0 0x5 0x0 0x0 0x0 0x0 0x0 0x1 0x2", Wait.OTHER),
        (b"0 0x6 0x0 0x0 0x0 0x0 0x0 0x1 0x2", Wait.OTHER),
        (b"74 0x4 0x0 0x0 0x0 0x0 0x0 0x1 0x2", Wait.DISK),
        (b"7 0x7f 0x1 0x64 0x0 0x0 0x0 0x1 0x2", Wait.NETWORK),
        (b"7 0x0 0x0 0x64 0x0 0x0 0x0 0x1 0x2", Wait.SLEEP),
        (b"23 0x0 0x0 0x0 0x0 0x7f 0x0 0x1 0x2", Wait.SLEEP),
        (b"-1 0x7ffe 0x7f5", Wait.OTHER),
        (b"9999 0x0 0x0 0x0 0x0 0x0 0x0 0x1 0x2", Wait.OTHER),
    ],
)
def test_what_a_thread_waits_for_is_told_by_its_call(told: bytes, wait: Wait) -> None:
    assert classify(told, _X86_64, GIL, kind_of) is wait


def test_without_a_gil_no_futex_is_its() -> None:
    told = b"202 0x7f0546f0 0x89 0x0 0x7f61 0x0 0xff 0x1 0x2"
    assert classify(told, _X86_64, [], kind_of) is Wait.LOCK


def test_the_other_architecture_has_numbers_of_its_own() -> None:
    told = b"98 0x7f0546f0 0x89 0x0 0x7f61 0x0 0xff 0x1 0x2"
    assert classify(told, _AARCH64, GIL, kind_of) is Wait.GIL
    asleep = b"115 0x1 0x0 0x7f 0x0 0x0 0x0 0x1 0x2"
    assert classify(asleep, _AARCH64, GIL, kind_of) is Wait.SLEEP


SHARED = """\
5631a0000000-5631a0001000 r-xp 00000000 fe:00 1 /usr/bin/python3.11
5631a0001000-5631a0002000 rw-p 00003000 fe:00 1 /usr/bin/python3.11
5631ae14b000-5631ae324000 rw-p 00000000 00:00 0 [heap]
7f61d5000000-7f61d5444000 r-xp 00000000 fe:00 2 /usr/lib/libpython3.11.so.1.0
7f61d5444000-7f61d5578000 rw-p 00443000 fe:00 2 /usr/lib/libpython3.11.so.1.0
7f61d5578000-7f61d55b0000 rw-p 00000000 00:00 0
7f61d55c0000-7f61d55c1000 rw-p 00006000 fe:00 3 /usr/lib/_bz2.so
"""
STATIC = """\
000000400000-000000a00000 r-xp 00000000 fe:00 1 /usr/bin/python3.13
000000a00000-000000b00000 rw-p 00600000 fe:00 1 /usr/bin/python3.13
000000b00000-000000b80000 rw-p 00000000 00:00 0
000000c00000-000000d00000 rw-p 00000000 00:00 0 [heap]
7f61d5444000-7f61d5578000 rw-p 00443000 fe:00 2 /usr/lib/libc.so.6
"""


def test_the_interpreters_memory_is_found_with_a_library_and_without() -> None:
    shared = runtime_areas(SHARED, "/usr/bin/python3.11")
    assert shared == [
        (0x7F61D5444000, 0x7F61D5578000),
        (0x7F61D5578000, 0x7F61D55B0000),
    ]
    static = runtime_areas(STATIC, "/usr/bin/python3.13")
    assert static == [(0xA00000, 0xB00000), (0xB00000, 0xB80000)]
    assert runtime_areas("", "/usr/bin/python3.13") == []
