"""What the system calls of Linux wait for. Pure functions and tables; any thread.

The kernel tells of a blocked thread the number of its call and six arguments
(proc(5), /proc/pid/syscall). The numbers are those of the kernel's tables
(arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h).
"""

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from pool_gui.monitor.sampling.look import Wait

Areas = Sequence[tuple[int, int]]
"""Addresses, from and to."""


@dataclass(frozen=True, slots=True)
class Calls:
    """The numbers of one architecture's calls."""

    futex: int
    waits: dict[int, Wait]
    """Calls that always wait for the same kind of thing."""
    on_descriptor: frozenset[int]
    """Calls whose first argument is a descriptor, which tells what they wait for."""
    on_many: frozenset[int]
    """Calls with a number of descriptors in their second argument (poll), which sleep
    where that is 0."""
    on_sets: frozenset[int]
    """Likewise in their first (select)."""


_X86_64: Final = Calls(
    futex=202,
    waits={
        35: Wait.SLEEP,  # nanosleep
        230: Wait.SLEEP,  # clock_nanosleep
        42: Wait.NETWORK,  # connect
        43: Wait.NETWORK,  # accept
        44: Wait.NETWORK,  # sendto
        45: Wait.NETWORK,  # recvfrom
        46: Wait.NETWORK,  # sendmsg
        47: Wait.NETWORK,  # recvmsg
        288: Wait.NETWORK,  # accept4
        299: Wait.NETWORK,  # recvmmsg
        307: Wait.NETWORK,  # sendmmsg
        232: Wait.NETWORK,  # epoll_wait
        281: Wait.NETWORK,  # epoll_pwait
        441: Wait.NETWORK,  # epoll_pwait2
        74: Wait.DISK,  # fsync
        75: Wait.DISK,  # fdatasync
        277: Wait.DISK,  # sync_file_range
        3: Wait.DISK,  # close: of a file; that of a socket does not wait
        76: Wait.DISK,  # truncate
        77: Wait.DISK,  # ftruncate
        285: Wait.DISK,  # fallocate
        83: Wait.DISK,  # mkdir
        84: Wait.DISK,  # rmdir
        316: Wait.DISK,  # renameat2
        332: Wait.DISK,  # statx
        162: Wait.DISK,  # sync
        306: Wait.DISK,  # syncfs
        2: Wait.DISK,  # open
        257: Wait.DISK,  # openat
        4: Wait.DISK,  # stat
        6: Wait.DISK,  # lstat
        262: Wait.DISK,  # newfstatat
        82: Wait.DISK,  # rename
        87: Wait.DISK,  # unlink
        263: Wait.DISK,  # unlinkat
        264: Wait.DISK,  # renameat
        217: Wait.DISK,  # getdents64
        72: Wait.LOCK,  # fcntl: a lock on a file
        73: Wait.LOCK,  # flock
    },
    on_descriptor=frozenset({0, 1, 17, 18, 19, 20, 40, 295, 296}),
    on_many=frozenset({7, 271}),
    on_sets=frozenset({23, 270}),
)
_AARCH64: Final = Calls(
    futex=98,
    waits={
        101: Wait.SLEEP,  # nanosleep
        115: Wait.SLEEP,  # clock_nanosleep
        203: Wait.NETWORK,  # connect
        202: Wait.NETWORK,  # accept
        206: Wait.NETWORK,  # sendto
        207: Wait.NETWORK,  # recvfrom
        211: Wait.NETWORK,  # sendmsg
        212: Wait.NETWORK,  # recvmsg
        242: Wait.NETWORK,  # accept4
        243: Wait.NETWORK,  # recvmmsg
        269: Wait.NETWORK,  # sendmmsg
        22: Wait.NETWORK,  # epoll_pwait
        441: Wait.NETWORK,  # epoll_pwait2
        82: Wait.DISK,  # fsync
        83: Wait.DISK,  # fdatasync
        84: Wait.DISK,  # sync_file_range
        57: Wait.DISK,  # close
        45: Wait.DISK,  # truncate
        46: Wait.DISK,  # ftruncate
        47: Wait.DISK,  # fallocate
        34: Wait.DISK,  # mkdirat
        276: Wait.DISK,  # renameat2
        291: Wait.DISK,  # statx
        81: Wait.DISK,  # sync
        267: Wait.DISK,  # syncfs
        56: Wait.DISK,  # openat
        79: Wait.DISK,  # newfstatat
        35: Wait.DISK,  # unlinkat
        38: Wait.DISK,  # renameat
        61: Wait.DISK,  # getdents64
        25: Wait.LOCK,  # fcntl
        32: Wait.LOCK,  # flock
    },
    on_descriptor=frozenset({63, 64, 65, 66, 67, 68, 69, 70, 71}),
    on_many=frozenset({73}),
    on_sets=frozenset({72}),
)
_CALLS: Final = {"x86_64": _X86_64, "aarch64": _AARCH64}


def calls_here() -> Calls | None:
    """Return this machine's numbers; None where they are not known."""
    return _CALLS.get(platform.machine())


def classify(
    told: bytes, calls: Calls, gil: Areas, kind_of: Callable[[int], Wait]
) -> Wait:
    """Return what a thread waits for.

    Args:
        told: the thread's entry, such as b'202 0x7f… 0x89 0x0 0x7f… …' or b'running'.
        calls: of this machine.
        gil: where the interpreter's own lock is: its writable segment. Any futex in it
            is the GIL's (a timed wait in `take_gil`, or its mutex, or the wait for a
            forced switch); locks of programs lie on the heap. Empty without a GIL.
        kind_of: tells what waiting for this descriptor is.
    """
    if told.startswith(b"running"):
        return Wait.NONE
    parts = told.split()
    number = int(parts[0])
    if number == calls.futex:
        address = int(parts[1], 16)
        return Wait.GIL if any(a <= address < b for a, b in gil) else Wait.LOCK
    if number in calls.on_descriptor:
        return kind_of(int(parts[1], 16))
    if number in calls.on_many | calls.on_sets:
        count = parts[2 if number in calls.on_many else 1]
        return Wait.NETWORK if int(count, 16) else Wait.SLEEP
    # -1 is a page that is being fetched.
    return calls.waits.get(number, Wait.OTHER)


def kind_of_link(link: str) -> Wait:
    """Return what waiting for a descriptor is, by what the kernel calls it."""
    if link.startswith("socket:"):
        return Wait.NETWORK
    if link.startswith("/") and not link.startswith("/dev/"):
        return Wait.DISK
    return Wait.OTHER


def runtime_areas(maps: str, program: str) -> list[tuple[int, int]]:
    """Return the writable segments of the Python interpreter, bss included.

    Args:
        maps: the process's /proc/pid/maps.
        program: the path of its program, which has the interpreter in it where there
            is no libpython.
    """
    areas: list[tuple[int, int]] = []
    libraries = [line for line in maps.splitlines() if "/libpython" in line]
    wanted = libraries or [line for line in maps.splitlines() if program in line]
    names = {line.split(maxsplit=5)[-1] for line in wanted}
    last_name, last_end = "", 0
    for line in maps.splitlines():
        fields = line.split(maxsplit=5)
        begin, end = (int(edge, 16) for edge in fields[0].split("-"))
        name = fields[5] if len(fields) > 5 else ""
        own = name in names or (not name and last_name in names and begin == last_end)
        if own and fields[1].startswith("rw"):
            areas.append((begin, end))
        last_name, last_end = name or (last_name if own else ""), end
    return areas
