"""What lanes are coloured by: from what is known of them to pixels. GUI thread.

Free of Qt but for the theme's colours.
"""

from typing import Final

import numpy as np

from pool_gui.monitor.view.snapshot import Lanes
from pool_gui.window.lanes import image
from pool_gui.window.lanes.stacks import (
    Flat,
    Painted,
    Stacked,
    shares_to_draw,
    state_table,
)
from pool_gui.window.style.theme import (
    FUNCTION_COLOURS,
    OUTCOME_COLOURS,
    STATE_TABLE,
)

BY_STATE: Final = "state"
BY_FUNCTION: Final = "function"
BY_OUTCOME: Final = "outcome"


NO_LANES: Painted = Flat(np.zeros((0, 1), np.uint32))


def coloured(lanes: Lanes | None, colour_by: str, ground: str) -> Painted:
    """Return the lanes as pixels.

    Args:
        lanes: None, and an empty picture, give none.
        colour_by: state, function or outcome; where states are not known, the function.
        ground: the colour of an idle worker.
    """
    if lanes is None or not lanes.coverage.size:
        return NO_LANES
    if colour_by == BY_STATE and lanes.states.size:
        return Stacked(shares_to_draw(lanes), state_table(STATE_TABLE, ground))
    if colour_by == BY_OUTCOME:
        codes, colours = image.codes_by_outcome(lanes), OUTCOME_COLOURS
        return Flat(image.paint(lanes, codes, colours, ground))
    codes = image.codes_by_function(lanes, len(FUNCTION_COLOURS))
    return Flat(image.paint(lanes, codes, FUNCTION_COLOURS, ground))
