"""
How much happens in a world with a journal, and how often what.

One rule: a scenario changes how often something happens, never what is assumed.
"""

from typing import Final

from attrs import evolve, field, frozen

from simulator.driver import Mischief
from simulator.network import ROUGH, Weather

_ROUGH_MISCHIEF: Final = Mischief(
    crash=0.003, pause=0.004, slow_transaction=0.3, commit_fails=0.004, acknowledgement_lost=0.004
)


@frozen
class KeyedScenario:
    """How much happens, and in which weather. Jobs and workers are counted by account; the rest are probabilities."""

    jobs: int = 250
    workers: int = 4
    settle_ms: int = 12_000
    shared: float = 0.2
    """A job is tried by a second worker as well."""
    unkeyed: float = 0.1
    prepared: float = 0.04
    again: float = 0.06
    """A settled key is used again, for the same transfer or another one."""
    alike: float = 0.7
    """A transfer has one of very few amounts."""
    isolated: float = 0.45
    """A transfer from or to one of two isolated wallets."""
    noise: float = 0.004
    misconfigured: float = 0.2
    """Of the worlds: a worker has one account's name and the other one's API key."""
    limited: float = 0.15
    """Of the worlds: a policy with a limit by day, around midnight."""
    paced: float = 0.1
    """Of the worlds: the exchange's own limits hold."""
    planted: float = 0.3
    """Of the accounts: things that an audit has to find are planted at the end."""
    weather: Weather = field(factory=Weather)
    mischief: Mischief = _ROUGH_MISCHIEF


TURBULENT: Final = KeyedScenario(
    jobs=50,
    workers=3,
    shared=0.6,
    alike=0.95,
    isolated=0.75,
    misconfigured=0.5,
    limited=0.3,
    planted=0.5,
    weather=evolve(ROUGH, failed=0.08, answer_lost=0.06),
    mischief=Mischief(
        crash=0.01,
        pause=0.025,
        pause_s=(10.0, 60.0),
        slow_transaction=0.5,
        commit_fails=0.015,
        acknowledgement_lost=0.015,
    ),
)
"""For finding a mistake with few transfers."""
