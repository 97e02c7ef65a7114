"""pool_gui: the thread-pool console for Python; this module holds the public names.

Importing it imports neither Qt nor numpy: the names of the pool are all that a
program needs which only wants a pool.
"""

__version__ = "0.1.0"
