"""The canary for PySide6's reference counts; see the pin in pyproject.toml."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QLabel

class Sender(QObject):
    sent = Signal(int)

application = QApplication([])
label, sender = QLabel(), Sender()
sender.sent.connect(label.setNum)
before = sys.getrefcount(None), sys.getrefcount(True)
for number in range(5000):
    label.setText(str(number))
    sender.sent.emit(number)
after = sys.getrefcount(None), sys.getrefcount(True)
lost = [then - now for then, now in zip(before, after)]
sys.exit(f"references lost: {lost}" if max(lost) > 500 else 0)
"""


@pytest.mark.skipif(
    sys.version_info >= (3, 12), reason="None and True are immortal from 3.12 on"
)
def test_pyside_gives_back_every_reference_to_none_and_true() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
