"""All scenarios, in the order in which they are recorded."""

import control
import dial
import faults
import flow
import fxp
import healthy
import tls
from table import Scenario

SCENARIOS: list[Scenario] = [
    *healthy.SCENARIOS,
    *faults.SCENARIOS,
    *control.SCENARIOS,
    *dial.SCENARIOS,
    *tls.SCENARIOS,
    *fxp.SCENARIOS,
    *flow.SCENARIOS,
]
