"""All scenarios, in the order in which they are recorded."""

import control
import dial
import dialogue
import faults
import fxp
import healthy
import tls
import twins
from table import Scenario

SCENARIOS: list[Scenario] = [
    *healthy.SCENARIOS,
    *faults.SCENARIOS,
    *control.SCENARIOS,
    *dial.SCENARIOS,
    *dialogue.SCENARIOS,
    *tls.SCENARIOS,
    *fxp.SCENARIOS,
    *twins.SCENARIOS,
]
