"""Entry of the pool process: `python -m pool_gui.workload`, started by the window."""

import sys

from pool_gui.workload.process import main

if __name__ == "__main__":
    sys.exit(main())
