"""
What breaks when a rule is taken out: all rows of the table, by the kind of world that shows it.

One rule: each is found, or the simulator does not see what it is there to see.
"""

from typing import Final

from simulator.ablation_journal import JOURNAL_ABLATIONS
from simulator.ablation_reading import READING_ABLATIONS
from simulator.ablation_verdicts import LATE_ABLATIONS, VERDICT_ABLATIONS
from simulator.mistake import Ablation
from simulator.scenario import Kind

ABLATIONS: Final[dict[Kind, tuple[Ablation, ...]]] = {
    "no-journal": READING_ABLATIONS,
    "journal": (*JOURNAL_ABLATIONS, *VERDICT_ABLATIONS),
    "late": LATE_ABLATIONS,
}
