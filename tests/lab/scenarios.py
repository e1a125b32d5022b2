"""All scenarios, in the order in which they are recorded."""

import control
import dial
import faults
import flow
import healthy
from table import Scenario

SCENARIOS: list[Scenario] = [*healthy.SCENARIOS, *faults.SCENARIOS, *control.SCENARIOS,
                             *dial.SCENARIOS,
                             *flow.SCENARIOS]
