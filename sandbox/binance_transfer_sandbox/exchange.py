"""
The exchange: a model of accounts, rules, limits, history and faults.

One rule: no sockets, no timers, no clock and no chance of its own; time and the seed are given, and whatever is due is
done before anything is read, so that the same calls at the same times have the same results.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from random import Random
from threading import RLock
from typing import Final, Literal

from attrs import evolve

from binance_transfer_sandbox import errors, faults, history, keys, operations, parameters, rules, signature, symptoms
from binance_transfer_sandbox.accounts import STARTING_BALANCES, Account, Balances
from binance_transfer_sandbox.errors import ApiError
from binance_transfer_sandbox.faults import Fault, Target
from binance_transfer_sandbox.history import HistoryBehaviour, Query
from binance_transfer_sandbox.keys import ApiKey, KeyKind, SandboxCredentials
from binance_transfer_sandbox.ledger import Entry, Ledger
from binance_transfer_sandbox.limits import Limits, WeightCounter
from binance_transfer_sandbox.operations import OPERATIONS, Operation, OperationName
from binance_transfer_sandbox.parameters import Pairs, SigningWindow
from binance_transfer_sandbox.plan import FaultPlan, PlannedFault
from binance_transfer_sandbox.rules import Order
from binance_transfer_sandbox.wallets import ROUTES, SYMBOLS, Wallet
from binance_transfer_sandbox.wire import Answer, Headers, Reply, Request

_FIRST_UID: Final = 354_937_868
_FIRST_TRAN_ID: Final = 13_526_853_623

_FORM: Final = "application/x-www-form-urlencoded"

# Finds out who asks and for what: the account, the key (None: not to be checked) and the parameters.
_Identify = Callable[[], tuple[Account, ApiKey | None, dict[str, str]]]


class Exchange:
    """
    An exchange for transfers between the wallets of one user.

    `now_ms` is asked for the time whenever it matters; `seed` decides ids, keys and chances. `handle` takes requests as
    they came over a wire, `perform` takes what is left after the signature was checked. Both answer with a `Reply` that
    says what the client sees; what happened is in `ledger`. Safe to use from several threads.

    `history`, `limits`, `clock_offset_ms` (server clock minus `now_ms`) and `maintenance` may be set at any time.
    Where a `uid` may be named, the first account is meant without one, and KeyError says that there is none.
    """

    def __init__(
        self,
        now_ms: Callable[[], int],
        seed: int = 0,
        *,
        history: HistoryBehaviour | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.history = HistoryBehaviour() if history is None else history
        self.limits = Limits() if limits is None else limits
        self.clock_offset_ms = 0
        self.maintenance = False
        self._now_ms = now_ms
        self._random = Random(seed)  # noqa: S311  play money; the same seed must give the same run
        self._lock = RLock()
        self._accounts: dict[int, Account] = {}
        self._keys: dict[str, ApiKey] = {}
        self._assets: set[str] = {asset for pair in SYMBOLS.values() for asset in pair}
        self._ledger = Ledger()
        self._weights = WeightCounter()
        self._plan = FaultPlan()
        self._last_tran_id = _FIRST_TRAN_ID
        self._due: list[tuple[int, int, Callable[[int], None]]] = []
        self._scheduled = 0
        self._received: Counter[OperationName] = Counter()

    # Accounts and keys

    def open_account(self, balances: Mapping[str, Mapping[str, Decimal | str]] = STARTING_BALANCES) -> int:
        """Open an account with these balances and return its uid."""
        with self._lock:
            uid = _FIRST_UID + len(self._accounts)
            self._accounts[uid] = Account(uid)
            for wallet, assets in balances.items():
                for asset, amount in assets.items():
                    self.deposit(wallet, asset, amount, uid=uid)
            return uid

    def issue_key(
        self,
        kind: KeyKind = "hmac",
        *,
        uid: int | None = None,
        permits_universal_transfer: bool = True,
        reading_enabled: bool = True,
        ip_restricted: bool = False,
    ) -> SandboxCredentials:
        """Make an API key for an account (the first, if none is named). An account may have several."""
        with self._lock:
            credentials, verify = keys.generate(kind, self._random)
            self._keys[credentials.api_key] = ApiKey(
                api_key=credentials.api_key,
                uid=self._account(uid).uid,
                kind=kind,
                verify=verify,
                create_time_ms=self._server_ms(),
                reading_enabled=reading_enabled,
                permits_universal_transfer=permits_universal_transfer,
                ip_restricted=ip_restricted,
            )
            return credentials

    def revoke_key(self, api_key: str) -> None:
        """Forget a key; requests with it get -2015. KeyError if there is none."""
        with self._lock:
            del self._keys[api_key]

    def deposit(self, wallet: str, asset: str, amount: Decimal | str | int, *, uid: int | None = None) -> None:
        """
        Add money to a wallet: `spot`, …, `isolated_margin:BTCUSDT`.

        Opens the isolated wallet and lists the asset if need be. ValueError: no such wallet, or a negative amount.
        """
        kind, colon, symbol = wallet.partition(":")
        if kind not in set(Wallet) or bool(colon) != (kind == Wallet.ISOLATED_MARGIN):
            raise ValueError(f"no such wallet: {wallet!r}; there are {', '.join(Wallet)}:SYMBOL")
        if colon and symbol not in SYMBOLS:
            raise ValueError(f"no such trading pair: {symbol!r}; there are {', '.join(SYMBOLS)}")
        exact = Decimal(amount)
        if not exact.is_finite() or exact < 0:
            raise ValueError(f"not an amount to deposit: {amount!r}")
        with self._lock:
            self._assets.add(asset)
            self._account(uid).deposit(wallet, asset, exact)

    def balances(self, uid: int | None = None) -> Balances:
        """Return a copy of an account's balances: wallet → asset → `Decimal`."""
        with self._lock:
            self.settle()
            return self._account(uid).snapshot()

    def balance(self, wallet: str, asset: str, *, uid: int | None = None) -> Decimal:
        """Return what a wallet holds of an asset; 0 where there is none."""
        with self._lock:
            self.settle()
            return self._account(uid).balance(wallet, asset)

    @property
    def uids(self) -> tuple[int, ...]:
        """All accounts, in the order in which they were opened."""
        with self._lock:
            return tuple(self._accounts)

    @property
    def ledger(self) -> Ledger:
        """The truth up to now. Ask anew after waiting: late executions are entered when somebody looks."""
        with self._lock:
            self.settle()
            return self._ledger

    def received(self, operation: OperationName) -> int:
        """Tell how many requests of an operation arrived, whatever became of them."""
        with self._lock:
            return self._received[operation]

    # Faults

    def plan(
        self,
        fault: Fault,
        *,
        on: Target | None = None,
        times: int | None = 1,
        every: int = 1,
        probability: float = 1.0,
    ) -> PlannedFault:
        """
        Plan a fault for requests to come.

        `on` names the operation (default: the one that the fault is about), `every` makes each n-th such request a
        candidate, a candidate meets the fault with `probability`, and `times` such meetings end it (None: never).
        """
        with self._lock:
            return self._plan.add(fault, on=on, times=times, every=every, probability=probability)

    def fail_next(self, fault: Fault, *, on: Target | None = None) -> None:
        """Let the next request meet a fault; called twice, the next two meet one each, in this order."""
        self.plan(fault, on=on)

    def planned_faults(self) -> tuple[PlannedFault, ...]:
        """Return the faults still to come."""
        with self._lock:
            return self._plan.planned()

    def clear_faults(self) -> None:
        """Forget all planned faults."""
        with self._lock:
            self._plan.clear()

    # Requests

    def handle(self, request: Request) -> Reply:
        """Answer a request as it came: find the operation, check key and signature, perform it."""
        operation = OPERATIONS.get((request.method, request.path))
        if operation is None:
            return operations.unknown(request)
        return self._reply(operation, lambda: self._authenticate(request), request.address, "planned")

    def perform(
        self,
        operation: OperationName,
        values: Pairs,
        *,
        uid: int | None = None,
        fault: Fault | Literal["planned"] | None = "planned",
        address: str = "127.0.0.1",
    ) -> Reply:
        """
        Answer a request whose key and signature are taken for granted.

        Everything else is as with `handle`: faults, limits, signing window, parameters, balances. `fault` names one for
        this request, or none; without it the plan decides.
        """
        return self._reply(
            operations.BY_NAME[operation], lambda: (self._account(uid), None, parameters.unique(values)), address, fault
        )

    def settle(self) -> None:
        """Do what is due by now. Everything that reads the exchange does so first; a server may do so in between."""
        with self._lock:
            now = self._now_ms()
            while self._due and self._due[0][0] <= now:
                due_ms, _, act = heapq.heappop(self._due)
                act(due_ms)

    # Behind the requests

    def _reply(
        self, operation: Operation, identify: _Identify, address: str, fault: Fault | Literal["planned"] | None
    ) -> Reply:
        with self._lock:
            self.settle()
            self._received[operation.name] += 1
            if fault == "planned":
                fault = self._plan.decide(operation.name, self._random)
            if fault is not None and (unprocessed := symptoms.unprocessed(fault)) is not None:
                return unprocessed
            answer = self._answer(operation, identify, address, fault)
            match fault:
                case faults.Unanswered():
                    return symptoms.instead(fault, answer)
                case faults.Slow(delay_ms=delay_ms):
                    return evolve(answer, delay_ms=delay_ms)
            return answer

    def _answer(self, operation: Operation, identify: _Identify, address: str, fault: Fault | None) -> Answer:
        server_ms = self._server_ms()
        payer = None if operation.budget == "uid" else address
        try:
            self._weights.check_ban(address, server_ms)
            if payer is not None:
                self._spend(operation, payer, address, server_ms)
            if not operation.signed:
                return Answer.of_json(200, self._tell(operation, fault), self._weight_header(operation, payer))
            account, key, values = identify()
            if payer is None:
                payer = str(account.uid)
                self._spend(operation, payer, address, server_ms)
            value = self._perform(operation, account, key, values, fault)
        except ApiError as error:
            return Answer.of_error(error, self._weight_header(operation, payer))
        return Answer.of_json(200, value, self._weight_header(operation, payer))

    def _authenticate(self, request: Request) -> tuple[Account, ApiKey | None, dict[str, str]]:
        api_key = request.headers.get("x-mbx-apikey", "")
        if not keys.well_formed(api_key):
            raise errors.malformed_key()
        key = self._keys.get(api_key)
        if key is None:
            raise errors.unknown_key()
        payload, signed = signature.separate(request.query, request.body)
        if not key.verify(payload, signed):
            raise errors.bad_signature()
        has_form = request.method == "POST" and request.headers.get("content-type", "").lower().startswith(_FORM)
        values = parameters.merge(parameters.split(request.query), parameters.split(request.body) if has_form else [])
        values.pop("signature", None)
        return self._accounts[key.uid], key, values

    def _tell(self, operation: Operation, fault: Fault | None) -> dict[str, object]:
        if operation.name == "status":
            return operations.system_status(maintenance=self.maintenance)
        return {"serverTime": self._server_ms(fault)}

    def _perform(
        self, operation: Operation, account: Account, key: ApiKey | None, values: dict[str, str], fault: Fault | None
    ) -> dict[str, object]:
        window = SigningWindow.read(values)
        window.check(self._server_ms(fault))
        if key is not None and operation.name == "transfer" and not key.permits_universal_transfer:
            raise errors.not_authorized()
        if key is not None and operation.name != "transfer" and not key.reading_enabled:
            raise errors.unknown_key()
        if unread := values.keys() - operation.parameters:
            raise errors.unread(read=len(values) - len(unread), sent=len(values))
        match operation.name:
            case "transfer":
                return self._transfer(account, values, window, fault)
            case "history":
                return self._history(account, values, fault)
            case "restrictions":
                return operations.restrictions(key)
            case _:
                return operations.account(account, values, self._server_ms(fault))

    def _transfer(
        self, account: Account, values: dict[str, str], window: SigningWindow, fault: Fault | None
    ) -> dict[str, object]:
        order = rules.read_order(values, self._assets, SYMBOLS)
        account.check(order.route, order.source, order.target, order.asset, order.amount)
        if isinstance(fault, faults.Unanswered) and fault.late_ms:
            self._schedule(fault.late_ms, lambda due_ms: self._execute_late(account, order, window, due_ms))
            return {}
        # The vendor checks a second time before it hands the request on: general-info, "Timing security".
        server_ms = self._server_ms(fault)
        window.check(server_ms)
        return {"tranId": self._execute(account, order, server_ms, fault).tran_id}

    def _execute_late(self, account: Account, order: Order, window: SigningWindow, due_ms: int) -> None:
        server_ms = due_ms + self.clock_offset_ms
        try:
            window.check(server_ms)
            account.check(order.route, order.source, order.target, order.asset, order.amount)
        except ApiError:
            return  # nobody is there any more to be told
        self._execute(account, order, server_ms, None)

    def _execute(self, account: Account, order: Order, server_ms: int, fault: Fault | None) -> Entry:
        settle = fault if isinstance(fault, faults.Settle) else None
        hidden_ms = fault.for_ms if isinstance(fault, faults.Hide) else self.history.visible_after_ms
        pending_ms = settle.after_ms if settle else self.history.pending_after_ms
        self._last_tran_id += self._random.randint(1, 1000)
        entry = Entry(
            tran_id=self._last_tran_id,
            time_ms=server_ms,
            uid=account.uid,
            type=order.type,
            asset=order.asset,
            amount=order.amount,
            from_symbol=order.from_symbol,
            to_symbol=order.to_symbol,
            final_status=settle.status if settle else self.history.final_status,
            settles_ms=server_ms + pending_ms,
            visible_ms=server_ms + hidden_ms,
        )
        if entry.final_status == "CONFIRMED":
            account.move(order.source, order.target, order.asset, order.amount)
        self._ledger.write(entry)
        return entry

    def _history(self, account: Account, values: dict[str, str], fault: Fault | None) -> dict[str, object]:
        server_ms = self._server_ms(fault)
        query = history.read_query(values, self.history, server_ms)
        page = history.answer(self._ledger, account.uid, query, self.history, server_ms)
        if isinstance(fault, faults.ShiftPages):
            self._add_row(account, query, fault, server_ms)
        return page

    def _add_row(self, account: Account, query: Query, fault: faults.ShiftPages, server_ms: int) -> None:
        route, amount = ROUTES[query.type], Decimal(fault.amount)
        order = Order(query.type, route, fault.asset, amount, query.from_symbol, query.to_symbol)
        try:
            account.check(route, order.source, order.target, order.asset, amount)
        except ApiError:
            return  # documented: without money nothing appears
        self._execute(account, order, min(server_ms, query.end_ms), None)

    def _spend(self, operation: Operation, payer: str, address: str, server_ms: int) -> None:
        limit = getattr(self.limits, _LIMITS[operation.budget])
        weight = self.limits.transfer_weight if operation.name == "transfer" else operation.weight
        try:
            self._weights.spend(_budget(operation), payer, weight, limit, server_ms)
        except ApiError:
            self._weights.count_refusal(address, self.limits, server_ms)
            raise

    def _weight_header(self, operation: Operation, payer: str | None) -> Headers:
        if payer is None:
            return ()
        used = self._weights.used(_budget(operation), payer, self._server_ms())
        return ((operations.WEIGHT_HEADERS[operation.budget], str(used)),)

    def _schedule(self, after_ms: int, act: Callable[[int], None]) -> None:
        self._scheduled += 1  # keeps the order of what is due at the same time
        heapq.heappush(self._due, (self._now_ms() + after_ms, self._scheduled, act))

    def _server_ms(self, fault: Fault | None = None) -> int:
        skew_ms = fault.offset_ms if isinstance(fault, faults.ClockSkew) else 0
        return self._now_ms() + self.clock_offset_ms + skew_ms

    def _account(self, uid: int | None) -> Account:
        if uid is not None:
            return self._accounts[uid]
        return next(iter(self._accounts.values()))


_LIMITS: Final = {"uid": "uid_weight_1m", "ip": "ip_weight_1m", "spot": "spot_ip_weight_1m"}


def _budget(operation: Operation) -> str:
    return "/api" if operation.budget == "spot" else operation.name
