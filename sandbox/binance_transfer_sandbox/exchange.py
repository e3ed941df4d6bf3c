"""
The exchange: a model of accounts, rules, limits, history and faults.

One rule: no sockets, no timers, no clock and no chance of its own; time and the seed are given, and whatever is due is
done before anything is read, so that the same calls at the same times have the same results.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from random import Random
from threading import RLock
from typing import Final, Literal

from binance_transfer_sandbox import errors, faults, history, market, operations, parameters, rules, symptoms, valuation
from binance_transfer_sandbox.accounts import STARTING_BALANCES, Account, Balances
from binance_transfer_sandbox.clearing import Clearing
from binance_transfer_sandbox.customers import Caller, Customers
from binance_transfer_sandbox.errors import ApiError
from binance_transfer_sandbox.faults import Fault, Target
from binance_transfer_sandbox.history import HistoryBehaviour, Query
from binance_transfer_sandbox.keys import KeyKind, SandboxCredentials
from binance_transfer_sandbox.ledger import Entry, Ledger
from binance_transfer_sandbox.limits import Limits, WeightCounter
from binance_transfer_sandbox.market import Market
from binance_transfer_sandbox.operations import OPERATIONS, Operation, OperationName
from binance_transfer_sandbox.parameters import Pairs, SigningWindow
from binance_transfer_sandbox.plan import FaultPlan, PlannedFault
from binance_transfer_sandbox.rules import Intent
from binance_transfer_sandbox.wallets import ROUTES
from binance_transfer_sandbox.wire import Answer, Headers, Reply, Request


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
        self._market = Market()
        self._customers = Customers(self._market, self._random)
        self._clearing = Clearing(self._random)
        self._weights = WeightCounter()
        self._plan = FaultPlan()
        self._received: Counter[OperationName] = Counter()

    # Accounts and keys

    def open_account(self, balances: Mapping[str, Mapping[str, Decimal | str]] = STARTING_BALANCES) -> int:
        """Open an account with these balances and return its uid."""
        with self._lock:
            account = self._customers.open_account()
            for wallet, assets in balances.items():
                for asset, amount in assets.items():
                    self._customers.deposit(account, wallet, asset, amount)
            return account.uid

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
            return self._customers.issue_key(
                kind,
                self._customers.account(uid),
                self._server_ms(),
                permits_universal_transfer=permits_universal_transfer,
                reading_enabled=reading_enabled,
                ip_restricted=ip_restricted,
            )

    def revoke_key(self, api_key: str) -> None:
        """Forget a key; requests with it get -2015. KeyError if there is none."""
        with self._lock:
            self._customers.revoke_key(api_key)

    def deposit(self, wallet: str, asset: str, amount: Decimal | str | int, *, uid: int | None = None) -> None:
        """
        Add money to a wallet: `spot`, …, `isolated_margin:BTCUSDT`.

        Opens the isolated wallet and lists the asset if need be. ValueError: no such wallet, or a negative amount.
        """
        with self._lock:
            self._customers.deposit(self._customers.account(uid), wallet, asset, amount)

    def lock(self, wallet: str, asset: str, amount: Decimal | str | int, *, uid: int | None = None) -> None:
        """
        Let so much of what a wallet holds be bound by open orders, in place of what was bound before.

        It is part of the balance, and no transfer can pay with it. ValueError: the wallet holds less.
        """
        with self._lock:
            self._customers.lock(self._customers.account(uid), wallet, asset, amount)

    def add_symbol(self, symbol: str, base: str | None = None, quote: str | None = None) -> None:
        """
        List a trading pair and its two assets, and open its isolated wallet for the accounts that there are.

        `SOLUSDT` names its assets, and so does `SOL/XYZ` where the quote is unusual; else both are told. The wallet
        starts with 1000 of each, and so do spot and cross margin with an asset that was not listed before. ValueError:
        it cannot be told which two assets these are, or another pair has the name.
        """
        pairs = market.read_pairs([symbol] if base is None or quote is None else {symbol: (base, quote)})
        with self._lock:
            for name, pair in pairs.items():
                self._customers.open_pair(name, *pair)

    @property
    def symbols(self) -> dict[str, tuple[str, str]]:
        """The trading pairs that are listed, with their two assets."""
        with self._lock:
            return dict(self._market.symbols)

    def balances(self, uid: int | None = None) -> Balances:
        """Return a copy of an account's balances: wallet → asset → `Decimal`."""
        with self._lock:
            self.settle()
            return self._customers.account(uid).snapshot()

    def balance(self, wallet: str, asset: str, *, uid: int | None = None) -> Decimal:
        """Return what a wallet holds of an asset; 0 where there is none."""
        with self._lock:
            self.settle()
            return self._customers.account(uid).balance(wallet, asset)

    @property
    def uids(self) -> tuple[int, ...]:
        """All accounts, in the order in which they were opened."""
        with self._lock:
            return self._customers.uids

    @property
    def ledger(self) -> Ledger:
        """The truth up to now. Ask anew after waiting: late executions are entered when somebody looks."""
        with self._lock:
            self.settle()
            return self._clearing.ledger

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
        return self._reply(operation, lambda: self._customers.identify(request), request.address, "planned")

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
            operations.BY_NAME[operation],
            lambda: Caller(self._customers.account(uid), None, parameters.unique(values)),
            address,
            fault,
        )

    def settle(self) -> None:
        """Do what is due by now. Everything that reads the exchange does so first; a server may do so in between."""
        with self._lock:
            self._clearing.settle(self._now_ms())

    # Behind the requests

    def _reply(
        self,
        operation: Operation,
        identify: Callable[[], Caller],
        address: str,
        fault: Fault | Literal["planned"] | None,
    ) -> Reply:
        with self._lock:
            self.settle()
            self._received[operation.name] += 1
            if fault == "planned":
                fault = self._plan.decide(operation.name, self._random)
            answering = faults.answering(fault)
            if (unprocessed := symptoms.unprocessed(answering)) is not None:
                return unprocessed
            return symptoms.processed(answering, self._answer(operation, identify, address, fault))

    def _answer(
        self, operation: Operation, identify: Callable[[], Caller], address: str, fault: Fault | None
    ) -> Answer:
        server_ms = self._server_ms()
        payer = None if operation.budget == "uid" else address
        try:
            self._weights.check_ban(address, server_ms)
            if payer is not None:
                self._spend(operation, payer, address, server_ms)
            if not operation.signed:
                return Answer.of_json(200, self._tell(operation, fault), self._weight_header(operation, payer))
            caller = identify()
            if payer is None:
                payer = str(caller.account.uid)
                self._spend(operation, payer, address, server_ms)
            value = self._perform(operation, caller, fault)
        except ApiError as error:
            return Answer.of_error(error, self._weight_header(operation, payer))
        return Answer.of_json(200, value, self._weight_header(operation, payer))

    def _tell(self, operation: Operation, fault: Fault | None) -> dict[str, object]:
        if operation.name == "status":
            return operations.system_status(maintenance=self.maintenance)
        return {"serverTime": self._server_ms(fault)}

    def _perform(self, operation: Operation, caller: Caller, fault: Fault | None) -> object:
        account, key, values = caller.account, caller.key, caller.values
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
            case "wallet_balance":
                return valuation.wallet_balances(account, values)
            case _:
                return operations.account(account, values, self._server_ms(fault))

    def _transfer(
        self, account: Account, values: dict[str, str], window: SigningWindow, fault: Fault | None
    ) -> dict[str, object]:
        intent = rules.read_intent(values, self._market.assets, self._market.symbols)
        account.check(intent.route, intent.source, intent.target, intent.asset, intent.amount)
        unanswered = faults.part(fault, faults.Unanswered)
        if unanswered and unanswered.late_ms:
            late_window = None if unanswered.queued else window
            due_ms = self._now_ms() + unanswered.late_ms
            self._clearing.schedule(
                due_ms, lambda due_ms: self._execute_late(account, intent, late_window, due_ms, fault)
            )
            return {}
        # The vendor checks a second time before it hands the request on: general-info, "Timing security".
        server_ms = self._server_ms(fault)
        window.check(server_ms)
        return {"tranId": self._execute(account, intent, server_ms, fault).tran_id}

    def _execute_late(
        self, account: Account, intent: Intent, window: SigningWindow | None, due_ms: int, fault: Fault | None
    ) -> None:
        server_ms = due_ms + self.clock_offset_ms
        try:
            if window is not None:
                window.check(server_ms)
            account.check(intent.route, intent.source, intent.target, intent.asset, intent.amount)
        except ApiError:
            return  # nobody is there any more to be told
        self._execute(account, intent, server_ms, fault)

    def _execute(self, account: Account, intent: Intent, server_ms: int, fault: Fault | None) -> Entry:
        return self._clearing.execute(account, intent, server_ms, self.history, fault)

    def _history(self, account: Account, values: dict[str, str], fault: Fault | None) -> dict[str, object]:
        server_ms = self._server_ms(fault)
        behaviour = self.history.under(fault)
        query = history.read_query(
            values, behaviour, server_ms, ignores_type=bool(faults.part(fault, faults.IgnoreType))
        )
        page = history.answer(self._clearing.ledger, account.uid, query, behaviour, server_ms)
        if shift := faults.part(fault, faults.ShiftPages):
            self._add_row(account, query, shift, server_ms)
        return page

    def _add_row(self, account: Account, query: Query, fault: faults.ShiftPages, server_ms: int) -> None:
        if query.type is None:
            return  # a row of which type?
        route, amount = ROUTES[query.type], Decimal(fault.amount)
        intent = Intent(query.type, route, fault.asset, amount, query.from_symbol, query.to_symbol)
        try:
            account.check(route, intent.source, intent.target, intent.asset, amount)
        except ApiError:
            return  # documented: without money nothing appears
        self._execute(account, intent, min(server_ms, query.end_ms), None)

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

    def _server_ms(self, fault: Fault | None = None) -> int:
        skew = faults.part(fault, faults.ClockSkew)
        return self._now_ms() + self.clock_offset_ms + (skew.offset_ms if skew else 0)


_LIMITS: Final = {"uid": "uid_weight_1m", "ip": "ip_weight_1m", "spot": "spot_ip_weight_1m"}


def _budget(operation: Operation) -> str:
    return "/api" if operation.budget == "spot" else operation.name
