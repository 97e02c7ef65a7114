"""Entry of the pool process: `python -m pool_gui.demo`, started by the window."""

import sys

from pool_gui.demo.process import main

if __name__ == "__main__":
    sys.exit(main())
