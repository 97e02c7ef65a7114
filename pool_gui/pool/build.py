"""What the running interpreter is: whether it has a global lock."""

import sysconfig
import threading
from contextlib import AbstractContextManager, nullcontext
from typing import Final

HAS_GIL: Final = not sysconfig.get_config_var("Py_GIL_DISABLED")
"""False on a free-threaded build, also when the GIL was switched on there again.

With the GIL, threads change only at calls, at backward jumps and where a function
begins. So a look at one attribute and a store to another, without a call between them,
are one step. The hot paths rest on that; without the GIL they take locks instead.
"""


def guard() -> AbstractContextManager[object]:
    """Return what makes a block one step: a lock, which the GIL makes needless."""
    return nullcontext() if HAS_GIL else threading.RLock()
