"""Prints the names of the scenes that pools of a kind can play, one a line."""

import sys

from interleaving.play import scenes


def main(kind: str) -> None:
    """Print the names."""
    print(*scenes(kind), sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
