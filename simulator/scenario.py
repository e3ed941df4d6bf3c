"""
How much happens in a world, and how often what.

One rule: a scenario changes how often something happens, never what is assumed.
"""

from typing import Final, Literal

from attrs import evolve, field, frozen

from simulator.driver import Faults
from simulator.weather import LONGEST_S, ROUGH, Weather

Kind = Literal["no-journal", "journal", "late"]


@frozen
class Scenario:
    """How much happens, and in which weather. Jobs and workers are counted by account; the rest are probabilities."""

    journal: bool = True
    accounts: tuple[str, ...] = ("treasury", "savings")
    jobs: int = 250
    workers: int = 4
    settle_ms: int = 12_000
    """What the exchange keeps to."""
    settles_ms: tuple[int, ...] = (12_000, 12_000, 20_000)
    """What the workers believe: each process has one of these."""
    recv_windows_ms: tuple[int, ...] = (5_000, 2_000, 10_000)
    """Each worker has one of these."""
    hides_s: float = LONGEST_S
    """How long after the last call something may still be pending, or hidden."""
    noise: float = 0.004
    """A job begins while somebody else makes transfers, often more than a page of them."""
    near: float = 0.005
    """A job begins as a stranger makes a transfer that is nearly the same."""
    unsound: float = 0.04
    """Of the worlds: pages of history never add up."""
    unlisted: float = 0.2
    """Of the worlds: asked for a type that it does not know, history returns the rows of all types."""
    weather: Weather = field(factory=Weather)
    faults: Faults = field(factory=Faults)

    restart: float = 0.25
    """Without a journal: the process is another one before it reconciles."""
    postponed: float = 0.2
    """Without a journal: an attempt is left alone until its window is over, and reconciled after all else."""

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
    misconfigured: float = 0.1
    """Of the accounts: a worker has its name and the API key of another one."""
    limited: float = 0.15
    """Of the worlds: a policy with a limit by day, around midnight."""
    paced: float = 0.1
    """Of the worlds: the exchange's own limits hold."""
    planted: float = 0.3
    """Of the accounts: things that an audit has to find are planted at the end."""
    attended: float = 0.8
    """Of the accounts: a person resolves what is open, and does not only halt and resume."""


_USUAL_FAULTS: Final = Faults(
    crash=0.003,
    pause=0.004,
    answer_taken_late=0.01,
    slow_transaction=0.3,
    commit_fails=0.004,
    acknowledgement_lost=0.004,
)
_TURBULENT_FAULTS: Final = Faults(
    crash=0.01,
    pause=0.025,
    pause_s=(10.0, 60.0),
    slow_transaction=0.5,
    commit_fails=0.015,
    acknowledgement_lost=0.015,
    answer_taken_late=0.03,
)
_WITHOUT: Final = Scenario(
    journal=False,
    accounts=("treasury",),
    jobs=200,
    settles_ms=(12_000,),  # nothing records a window
    noise=0.01,
    weather=Weather(still=0),  # there is no canary
)

_LATE: Final = Scenario(
    jobs=60,
    workers=3,
    hides_s=400.0,
    shared=0.7,
    alike=0.3,
    limited=0,  # what nobody can know of does not count for a day's limit
    weather=Weather(beyond=0.12, still=0, twinned=0, respelt=0),
    faults=evolve(_USUAL_FAULTS, pause_s=(10.0, 60.0), answer_taken_late=0.15),
)

USUAL: Final[dict[Kind, Scenario]] = {"no-journal": _WITHOUT, "journal": Scenario(faults=_USUAL_FAULTS), "late": _LATE}

ROUGHER: Final[dict[Kind, Scenario]] = {
    "no-journal": evolve(_WITHOUT, noise=0.04, weather=evolve(ROUGH, still=0)),
    "journal": Scenario(
        jobs=50,
        workers=3,
        shared=0.6,
        alike=0.95,
        isolated=0.75,
        misconfigured=0.25,
        limited=0.3,
        planted=0.5,
        weather=evolve(ROUGH, failed=0.08, answer_lost=0.06),
        faults=_TURBULENT_FAULTS,
    ),
    "late": evolve(_LATE, faults=evolve(_TURBULENT_FAULTS, crash=0.003, answer_taken_late=0.3)),
}
"""For finding a mistake with few transfers."""
