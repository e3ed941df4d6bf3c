"""
Which request meets which fault.

One rule: the choice depends on the order of requests and on the seed, on nothing else.
"""

from random import Random
from typing import Any, get_args

from attrs import define

from binance_transfer_sandbox import faults
from binance_transfer_sandbox.faults import Fault, Target


@define(eq=False)
class PlannedFault:
    """
    A fault and the requests that it waits for.

    Of the requests to operation `on`, each `every`-th is a candidate; a candidate meets the fault with `probability`;
    after `times` of these it is over (None: never).
    """

    fault: Fault
    on: Target
    times: int | None
    every: int
    probability: float
    seen: int = 0
    met: int = 0

    @property
    def over(self) -> bool:
        """Tell whether this can meet no further request."""
        return self.times is not None and self.met >= self.times

    def meets(self, operation: str, random: Random) -> bool:
        """Tell whether the next request meets the fault, and count it."""
        if self.on not in (operation, "any"):
            return False
        self.seen += 1
        if self.seen % self.every or (self.probability < 1 and random.random() >= self.probability):
            return False
        self.met += 1
        return True

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as JSON-ready values."""
        rule = {"on": self.on, "times": self.times, "every": self.every, "probability": self.probability}
        return faults.to_dict(self.fault) | rule | {"met": self.met}


class FaultPlan:
    """The faults to come. The oldest that fits a request wins; those behind it do not count that request."""

    def __init__(self) -> None:
        self._planned: list[PlannedFault] = []

    def add(
        self,
        fault: Fault,
        *,
        on: Target | None = None,
        times: int | None = 1,
        every: int = 1,
        probability: float = 1.0,
    ) -> PlannedFault:
        """Plan a fault. ValueError says which number makes no sense."""
        target = faults.target_of(fault) if on is None else on
        if target not in get_args(Target):
            raise ValueError(f"on must be one of {', '.join(get_args(Target))}; not {target!r}")
        if times is not None and (type(times) is not int or times < 1):
            raise ValueError(f"times must be a whole number of at least 1, or None for ever; not {times!r}")
        if type(every) is not int or every < 1:
            raise ValueError(f"every must be a whole number of at least 1; not {every!r}")
        if type(probability) not in (int, float) or not 0 < probability <= 1:
            raise ValueError(f"probability must be over 0 and at most 1; not {probability!r}")
        planned = PlannedFault(fault, target, times, every, probability)
        self._planned.append(planned)
        return planned

    def decide(self, operation: str, random: Random) -> Fault | None:
        """Return the fault that the next request meets."""
        for planned in self._planned:
            if planned.meets(operation, random):
                if planned.over:
                    self._planned.remove(planned)
                return planned.fault
        return None

    def planned(self) -> tuple[PlannedFault, ...]:
        """Return what is still to come."""
        return tuple(self._planned)

    def clear(self) -> None:
        """Forget all plans."""
        self._planned.clear()
