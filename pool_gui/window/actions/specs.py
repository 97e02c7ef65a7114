"""Every command as people meet it, in the order of the menus. Data; any thread."""

from typing import Final

from pool_gui.window.actions.specs_file import FILE_SPECS
from pool_gui.window.actions.specs_pool import POOL_SPECS
from pool_gui.window.actions.specs_view import VIEW_SPECS

SPECS: Final = (*POOL_SPECS, *VIEW_SPECS, *FILE_SPECS)
