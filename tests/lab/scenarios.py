"""All scenarios, in the order in which they are recorded."""

import control
import dial
import faults
import fxp
import healthy
import helper
import tls
import twins
from table import Scenario

SCENARIOS: list[Scenario] = [
    *healthy.SCENARIOS,
    *faults.SCENARIOS,
    *control.SCENARIOS,
    *dial.SCENARIOS,
    *tls.SCENARIOS,
    *fxp.SCENARIOS,
    *helper.SCENARIOS,
    *twins.SCENARIOS,
]
