"""Every text of the window can be found by Qt's translation tools."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

from pool_gui import window

CONTEXTS = {
    *("Actions", "Cards", "LaneView", "Menus", "Tables", "Title", "Hooks"),
    *("Words", "Sentences", "Sources", "NewPoolForm"),
}
"""Those whose texts are translated outside of a QObject's own tr."""


def test_lupdate_finds_the_texts_of_every_context(tmp_path: Path) -> None:
    sources = sorted(str(path) for path in Path(window.__file__).parent.rglob("*.py"))
    target = tmp_path / "found.ts"
    tool = Path(sys.executable).with_name("pyside6-lupdate")
    subprocess.run(
        [tool, *sources, "-ts", target], check=True, capture_output=True, timeout=60
    )
    contexts = ET.parse(target).getroot().findall("context")  # noqa: S314  # our own
    names = {context.findtext("name") for context in contexts}
    assert names >= CONTEXTS
    actions = next(c for c in contexts if c.findtext("name") == "Actions")
    texts = {message.findtext("source") for message in actions.findall("message")}
    assert {"Start", "Submit", "Dismiss", "Live"} <= texts


def test_no_text_is_put_together_before_it_is_translated() -> None:
    for path in Path(window.__file__).parent.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert 'self.tr(f"' not in source, path
        assert not re.search(r'translate\("\w+", f"', source), path


_OF_MANY = re.compile(
    r'(?:tr|translate)\((?:"\w+",)?\s*'
    r'"([^"]*\{\w+\} (?!was|has|is)[a-z]+s\b(?!/)[^"]*)"'
)
"""A text that counts: it is wrong for one."""

NOT_COUNTED = {"{0} runs", " (seen {0} times)"}
"""A verb; and what is said from ten on."""


def test_only_the_module_of_words_counts_things_since_it_knows_of_one() -> None:
    counting = {
        text
        for path in Path(window.__file__).parent.rglob("*.py")
        # The rules of the latter tell of many.
        if path.name not in {"words.py", "finding_words.py"}
        for text in _OF_MANY.findall(path.read_text(encoding="utf-8"))
    }
    assert counting - NOT_COUNTED == set()
