"""Time that a test decides about: it passes as soon as somebody sleeps through it."""

_START_S = 1_700_000_000.0


class ManualClock:
    """Time that stands still until somebody sleeps, for client and exchange alike."""

    def __init__(self) -> None:
        self.elapsed_s = 0.0
        self.slept_s: list[float] = []

    def time(self) -> float:
        return _START_S + self.elapsed_s

    def monotonic(self) -> float:
        return self.elapsed_s

    def sleep(self, seconds: float, /) -> None:
        assert seconds > 0
        self.slept_s.append(seconds)
        self.elapsed_s += seconds

    async def sleep_asyncio(self, seconds: float, /) -> None:
        self.sleep(seconds)

    def now_ms(self) -> int:
        return int(self.time() * 1000)
