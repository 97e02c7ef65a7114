"""The one way to the files that come with the program: icons, style, pictures.

In an installed wheel they lie beside this module in `resources/`; in a checkout they
lie at the top of the tree. Any thread may call these functions.
"""

from pathlib import Path

_PLACES = (
    Path(__file__).parent / "resources",
    Path(__file__).parent.parent / "resources",
)


def path(name: str) -> Path:
    """Return where a resource lies, such as `icons/start.svg`.

    Raises:
        FileNotFoundError: this installation lacks it.
    """
    for place in _PLACES:
        candidate = place / name
        if candidate.exists():
            return candidate
    raise FileNotFoundError(
        f"The resource {name} is missing: install pool-gui again, for this "
        "installation is not complete."
    )


def read_bytes(name: str) -> bytes:
    """Return what a resource holds.

    Raises:
        FileNotFoundError: this installation lacks it.
    """
    return path(name).read_bytes()


def read_text(name: str) -> str:
    """Return a text resource, decoded as UTF-8.

    Raises:
        FileNotFoundError: this installation lacks it.
    """
    return path(name).read_text(encoding="utf-8")
