"""All scenarios, in the order in which they are recorded."""

import control
import dial
import dialogue
import ends
import faults
import flow
import fxp
import healthy
import many
import tls
import twins
from table import Scenario

SCENARIOS: list[Scenario] = [
    *healthy.SCENARIOS,
    *faults.SCENARIOS,
    *control.SCENARIOS,
    *dial.SCENARIOS,
    *dialogue.SCENARIOS,
    *ends.SCENARIOS,
    *tls.SCENARIOS,
    *fxp.SCENARIOS,
    *flow.SCENARIOS,
    *many.SCENARIOS,
    *twins.SCENARIOS,
]
