"""What is said of recordings. GUI thread only."""

from PySide6.QtCore import QCoreApplication

translate = QCoreApplication.translate


def of_recordings() -> dict[str, str]:
    """Return the sentences by their codes."""
    return {
        "recording-began": translate("Sentences", "Recording to {file}."),
        "recording-over": translate(
            "Sentences", "Recorded {seconds:seconds} to {file} ({bytes:bytes})."
        ),
        "recording-failed": translate(
            "Sentences",
            "The recording to {file} has ended: {reason}. What is in the file by now "
            "can be opened.",
        ),
        "recording-nothing": translate(
            "Sentences", "There is nothing to record yet; start a pool first."
        ),
        "recording-shown": translate("Sentences", "A recording is shown."),
        "recording-closed": translate("Sentences", "The recording {file} is closed."),
        "recording-damaged": translate(
            "Sentences", "{file} is damaged or cut off; it is shown up to there."
        ),
        "recording-misfit": translate(
            "Sentences", "{file} cannot be shown any further: {reason}."
        ),
        "recording-unread": translate(
            "Sentences", "{file} cannot be opened: {reason}."
        ),
        "recording-empty": translate(
            "Sentences", "{file} is a recording that holds nothing yet."
        ),
        "recording-layout": translate(
            "Sentences",
            "{file} is a recording of layout {layout}, which this version does not "
            "know; open it with the version that made it.",
        ),
        "no-recording": translate("Sentences", "{file} is no recording of pool_gui."),
    }
