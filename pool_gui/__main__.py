"""`python -m pool_gui` is `pool-gui`."""

import sys

from pool_gui.cli.entry import main

if __name__ == "__main__":
    sys.exit(main())
