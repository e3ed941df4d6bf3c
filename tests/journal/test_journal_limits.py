"""Whose books these are, what may be sent, and what people decide: rules 9 to 12."""

import copy
import pickle
from typing import Any

import httpx
import pytest
from attrs import evolve

import binance_transfer as bt
from binance_transfer.wire.answer import Answer
from binance_transfer_api import SERVERS
from binance_transfer_sandbox import Sandbox, faults
from tests.journal.conftest import Connect, OpenJournal, Wire
from tests.journal.test_journal_keys import SWEEP, entry, moves
from tests.support.clock import ManualClock

DAY_S = 24 * 3600


# --- the account -----------------------------------------------------------------------------------------------------


def test_an_account_belongs_to_the_uid_that_used_it_first(
    connect: Connect, journal: bt.Journal, sandbox: Sandbox
) -> None:
    connect(journal).transfer(*SWEEP)
    stranger = sandbox.exchange.issue_key(uid=sandbox.exchange.open_account())
    with pytest.raises(bt.JournalFailed, match="'treasury' of the journal belongs to uid"):
        connect(journal, credentials=stranger).transfer(*SWEEP, idempotency_key="k")
    assert (moves(sandbox), journal.get("k")) == (1, None)


def test_keys_may_rotate(connect: Connect, journal: bt.Journal, sandbox: Sandbox) -> None:
    first = connect(journal).transfer(*SWEEP, idempotency_key="k")
    rotated = connect(journal, credentials=sandbox.exchange.issue_key("ed25519"))
    assert rotated.transfer(*SWEEP, idempotency_key="k").tran_id == first.tran_id


def test_a_second_name_for_a_uid_is_refused(connect: Connect, open_journal: OpenJournal, sandbox: Sandbox) -> None:
    """Under another name the key would not be seen, and the money sent again."""
    connect(open_journal("treasury")).transfer(*SWEEP, idempotency_key="k")
    with pytest.raises(bt.JournalFailed, match="is recorded under the name 'treasury': use that instead of 'Treas"):
        connect(open_journal("Treasury")).transfer(*SWEEP, idempotency_key="k")
    assert moves(sandbox) == 1


def test_accounts_of_one_database_do_not_see_each_other(
    connect: Connect, open_journal: OpenJournal, sandbox: Sandbox
) -> None:
    stranger = sandbox.exchange.issue_key(uid=sandbox.exchange.open_account())
    mine, other = open_journal("a"), open_journal("b")
    connect(mine).transfer(*SWEEP, idempotency_key="k")
    receipt = connect(other, credentials=stranger).transfer(*SWEEP, idempotency_key="k")
    assert (receipt.replayed, moves(sandbox), len(list(other.entries()))) == (False, 2, 1)
    assert entry(mine, "k").tran_id != entry(other, "k").tran_id


@pytest.mark.parametrize("account", ["", "  ", "a\nb", "a\0", "x" * 256])
def test_a_name_that_nobody_can_read_is_refused(account: str, url: str) -> None:
    with pytest.raises(ValueError, match="account must be a name"):
        bt.Journal(url, account=account)


@pytest.mark.parametrize("spelling", [" caf\u00e9 ", "cafe\u0301"])
def test_names_that_look_the_same_are_the_same(
    spelling: str, connect: Connect, open_journal: OpenJournal, sandbox: Sandbox
) -> None:
    connect(open_journal("caf\u00e9")).transfer(*SWEEP, idempotency_key="k")
    assert connect(open_journal(spelling)).transfer(*SWEEP, idempotency_key="k").replayed


def answering(request: httpx.Request) -> httpx.Response:
    if request.url.path == "/api/v3/time":
        return httpx.Response(200, json={"serverTime": 1_700_000_000_000})
    return httpx.Response(200, json={"uid": 7})


def bind(journal: bt.Journal, base_url: str, clock: ManualClock) -> None:
    credentials = {"api_key": "k", "secret": "s"}
    transport = httpx.MockTransport(answering)
    with bt.TransferClient(credentials, base_url=base_url, transport=transport, journal=journal, clock=clock) as client:
        client.reconcile_all()


def test_all_servers_of_the_exchange_are_one_environment(journal: bt.Journal, clock: ManualClock) -> None:
    for base_url in SERVERS:
        bind(journal, base_url, clock)
    assert journal.transact(lambda books: books.account()).environment == SERVERS[0]


SPELLINGS = [
    "https://api.binance.com/", "HTTPS://API.Binance.com", "https://api.binance.com.", "https://api.binance.com:443",
    "https://api3.binance.com", "https://api-gcp.binance.com",
]  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_base_url_that_is_spelt_otherwise_is_the_same_exchange(
    spelling: str, journal: bt.Journal, clock: ManualClock
) -> None:
    bind(journal, spelling, clock)
    bind(journal, SERVERS[0], clock)
    assert journal.read(lambda inside: inside.account()).environment == SERVERS[0]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_second_name_for_a_uid_is_refused_under_every_spelling(
    spelling: str, open_journal: OpenJournal, clock: ManualClock
) -> None:
    bind(open_journal("treasury"), spelling, clock)
    with pytest.raises(bt.JournalFailed, match="is recorded under the name 'treasury'"):
        bind(open_journal("other"), SERVERS[0], clock)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.2", "[::1]", "LOCALHOST"])
def test_the_names_of_this_machine_are_one(name: str, journal: bt.Journal, clock: ManualClock) -> None:
    bind(journal, f"http://{name}:8443", clock)
    bind(journal, "http://127.0.0.1:8443", clock)
    assert journal.read(lambda inside: inside.account()).environment == "http://127.0.0.1:8443"


def test_another_environment_is_another_account(journal: bt.Journal, clock: ManualClock) -> None:
    bind(journal, SERVERS[0], clock)
    with pytest.raises(
        bt.JournalFailed, match=r"belongs to https://api\.binance\.com, and this client to http://127\.0\.0\.1:9"
    ):
        bind(journal, "http://127.0.0.1:9", clock)


def test_nothing_is_sent_while_nobody_knows_whose_key_it_is(
    connect: Connect, journal: bt.Journal, sandbox: Sandbox
) -> None:
    sandbox.exchange.plan(faults.GatewayError(executes=False), on="account", times=None)
    with pytest.raises(bt.NotSent):
        connect(journal).transfer(*SWEEP, idempotency_key="k")
    assert (moves(sandbox), journal.get("k")) == (0, None)


# --- the operator's limits -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "objection"),
    [
        (bt.Policy(types={"MAIN_CMFUTURE"}), "MAIN_UMFUTURE is not among the allowed types"),
        (bt.Policy(assets={"BTC"}), "USDT is not among the allowed assets"),
        (bt.Policy(max_amount={"USDT": "25.49999999"}), "25.5 USDT is more than the 25.49999999"),
        (bt.Policy(max_per_day={"USDT": 25}), "25.5 USDT on top of 0 is more than the 25"),
    ],
)
def test_what_the_operator_forbids_is_not_sent(
    policy: bt.Policy, objection: str, connect: Connect, journal: bt.Journal, sandbox: Sandbox
) -> None:
    with pytest.raises(bt.PolicyDenied, match=objection):
        connect(journal, policy=policy).transfer(*SWEEP, idempotency_key="k")
    assert (moves(sandbox), journal.get("k")) == (0, None)


def test_a_policy_can_be_sent_to_another_process() -> None:
    policy = bt.Policy(types={"MAIN_UMFUTURE"}, max_amount={"USDT": "1.5"}, max_per_day={"BTC": 2})
    assert pickle.loads(pickle.dumps(policy)) == copy.deepcopy(policy) == policy


@pytest.mark.parametrize(
    "policy",
    [
        bt.Policy(),
        bt.Policy(types={"MAIN_UMFUTURE"}, assets={"USDT"}),
        bt.Policy(max_amount={"USDT": "25.50"}, max_per_day={"USDT": "25.5", "BTC": "0.1"}),
    ],
)
def test_what_is_within_the_limits_is_sent(
    policy: bt.Policy, connect: Connect, journal: bt.Journal, sandbox: Sandbox
) -> None:
    connect(journal, policy=policy).transfer(*SWEEP)
    assert moves(sandbox) == 1


def test_limits_hold_without_a_journal_too(connect: Connect, sandbox: Sandbox) -> None:
    with pytest.raises(bt.PolicyDenied):
        connect(None, policy=bt.Policy(max_amount={"USDT": 1})).transfer(*SWEEP)
    assert moves(sandbox) == 0


def test_a_daily_limit_needs_a_journal(connect: Connect) -> None:
    with pytest.raises(ValueError, match="max_per_day needs a journal"):
        connect(None, policy=bt.Policy(max_per_day={"USDT": 1}))


def test_a_daily_limit_holds_across_workers(connect: Connect, open_journal: OpenJournal, sandbox: Sandbox) -> None:
    policy = bt.Policy(max_per_day={"USDT": "60"})
    for _ in range(2):
        connect(open_journal(), policy=policy).transfer(*SWEEP)
    with pytest.raises(bt.PolicyDenied, match=r"25\.5 USDT on top of 51\.0 is more than the 60"):
        connect(open_journal(), policy=policy).transfer(*SWEEP)
    assert moves(sandbox) == 2


def test_a_daily_limit_counts_what_may_have_moved_and_not_what_did_not(
    connect: Connect, journal: bt.Journal, sandbox: Sandbox
) -> None:
    worker = connect(journal, policy=bt.Policy(max_per_day={"USDT": "60"}))
    sandbox.fail_next(faults.Rejection(code=-5013, msg="no"))
    with pytest.raises(bt.Rejected):
        worker.transfer(*SWEEP)
    sandbox.fail_next(faults.Drop(executes=False))
    with pytest.raises(bt.OutcomeUnknown):
        worker.transfer(*SWEEP, resolve_within_s=0)
    worker.transfer("MAIN_CMFUTURE", "USDT", "30")
    with pytest.raises(bt.PolicyDenied, match=r"on top of 55\.5"):
        worker.transfer("MAIN_CMFUTURE", "USDT", "5")


def test_a_day_ends_at_midnight_utc_by_the_exchange(
    connect: Connect, journal: bt.Journal, sandbox: Sandbox, clock: ManualClock
) -> None:
    worker = connect(journal, policy=bt.Policy(max_per_day={"USDT": "30"}))
    clock.sleep(DAY_S - clock.time() % DAY_S - 60)
    worker.transfer(*SWEEP)
    clock.sleep(50)
    with pytest.raises(bt.PolicyDenied):
        worker.transfer(*SWEEP)
    clock.sleep(15)
    worker.transfer(*SWEEP)
    assert moves(sandbox) == 2


def test_what_may_move_on_either_side_of_midnight_counts_for_both_days(
    connect: Connect, journal: bt.Journal, sandbox: Sandbox, clock: ManualClock
) -> None:
    worker = connect(journal, policy=bt.Policy(max_per_day={"USDT": "30"}))
    clock.sleep(DAY_S - clock.time() % DAY_S - 10)
    worker.transfer(*SWEEP)
    clock.sleep(20)
    with pytest.raises(bt.PolicyDenied):
        worker.transfer(*SWEEP)
    assert moves(sandbox) == 1


def test_a_replay_is_no_send_and_passes_every_limit(connect: Connect, journal: bt.Journal, sandbox: Sandbox) -> None:
    first = connect(journal).transfer(*SWEEP, idempotency_key="k")
    journal.halt("end of the month")
    strict = connect(journal, policy=bt.Policy(types=set(), max_per_day={"USDT": 1}))
    assert strict.transfer(*SWEEP, idempotency_key="k").tran_id == first.tran_id


@pytest.mark.parametrize(
    "limits", [{"types": {"MAIN_UMFUTUR"}}, {"max_amount": {"USDT": 1.5}}, {"max_per_day": {"USDT": "-1"}}]
)
def test_a_limit_that_cannot_be_meant_is_refused(limits: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"is not a transfer type|amount"):
        bt.Policy(**limits)


@pytest.mark.parametrize("name", ["types", "assets"])
def test_one_text_is_no_list_of_names(name: str) -> None:
    with pytest.raises(TypeError, match="give a list of names"):
        bt.Policy(**{name: "USDT"})  # type: ignore[arg-type]


# --- halt ------------------------------------------------------------------------------------------------------------


def test_a_halt_stops_every_worker(connect: Connect, open_journal: OpenJournal, sandbox: Sandbox) -> None:
    worker = connect(open_journal())
    worker.transfer(*SWEEP)
    open_journal().halt("balances look wrong")
    with pytest.raises(bt.PolicyDenied, match="sending is halted: balances look wrong"):
        worker.transfer(*SWEEP, idempotency_key="k")
    assert moves(sandbox) == 1


def test_a_halt_ends(connect: Connect, open_journal: OpenJournal, sandbox: Sandbox) -> None:
    open_journal().halt("balances look wrong")
    open_journal().resume()
    connect(open_journal()).transfer(*SWEEP)
    assert moves(sandbox) == 1


def test_a_halt_says_why(journal: bt.Journal) -> None:
    with pytest.raises(ValueError, match="say why"):
        journal.halt(" ")


def test_a_halt_does_not_keep_from_reconciling(connect: Connect, journal: bt.Journal, sandbox: Sandbox) -> None:
    worker = connect(journal)
    sandbox.fail_next(faults.Drop(executes=True))
    with pytest.raises(bt.OutcomeUnknown):
        worker.transfer(*SWEEP, idempotency_key="k", resolve_within_s=0)
    journal.halt("a look at it")
    assert [found.state for found in worker.reconcile_all()] == ["moved"]


# --- a person's verdict ----------------------------------------------------------------------------------------------


@pytest.fixture
def open_key(worker: bt.TransferClient, sandbox: Sandbox) -> str:
    sandbox.fail_next(faults.Drop(executes=True))
    with pytest.raises(bt.OutcomeUnknown):
        worker.transfer(*SWEEP, idempotency_key="k", resolve_within_s=0)
    return "k"


def test_the_last_moment_belongs_to_the_window(open_key: str, journal: bt.Journal, clock: ManualClock) -> None:
    end_ms = entry(journal, open_key).attempts[0].window_end_ms
    clock.sleep((end_ms - clock.now_ms()) / 1000)
    assert clock.now_ms() == end_ms
    with pytest.raises(bt.ResolutionRefused):
        journal.resolve(open_key, not_executed=True)


def test_no_verdict_while_the_window_is_open(open_key: str, journal: bt.Journal, clock: ManualClock) -> None:
    clock.sleep(34)
    with pytest.raises(bt.ResolutionRefused, match="its window ends in 1 s"):
        journal.resolve(open_key, not_executed=True)
    assert entry(journal, open_key).state == "open"


@pytest.mark.parametrize(
    ("verdict", "state"), [({"tran_id": 99}, "moved"), ({"not_executed": True}, "not_moved")], ids=["moved", "not"]
)
def test_a_person_decides(
    verdict: dict[str, Any], state: str, open_key: str, journal: bt.Journal, clock: ManualClock
) -> None:
    clock.sleep(36)
    found = journal.resolve(open_key, **verdict, note="asked the support")
    [attempt] = found.attempts
    assert (found.state, attempt.verdict, attempt.note, attempt.verdict_ms) == (
        state, "person", "asked the support", clock.now_ms()
    )  # fmt: skip
    assert journal.get(open_key) == found


def test_a_person_cannot_give_an_id_twice(
    open_key: str, worker: bt.TransferClient, journal: bt.Journal, clock: ManualClock
) -> None:
    other = worker.transfer("MAIN_UMFUTURE", "USDT", "1")
    clock.sleep(60)
    with pytest.raises(bt.ResolutionRefused, match=f"id {other.tran_id} belongs to attempt"):
        journal.resolve(open_key, tran_id=other.tran_id)


@pytest.mark.parametrize(
    "verdict",
    [{}, {"tran_id": 1, "not_executed": True}, {"tran_id": 0}, {"tran_id": -1}, {"tran_id": True}, {"tran_id": "1"}],
)
def test_a_verdict_that_says_nothing_is_refused(
    verdict: dict[str, Any], open_key: str, journal: bt.Journal, clock: ManualClock
) -> None:
    clock.sleep(60)
    with pytest.raises(bt.ResolutionRefused):
        journal.resolve(open_key, **verdict)
    assert entry(journal, open_key).state == "open"


def test_an_id_beyond_all_numbers_is_refused(open_key: str, journal: bt.Journal, clock: ManualClock) -> None:
    clock.sleep(60)
    with pytest.raises(bt.TransferError):
        journal.resolve(open_key, tran_id=2**70)
    assert entry(journal, open_key).state == "open"


def test_there_must_be_something_to_resolve(worker: bt.TransferClient, journal: bt.Journal) -> None:
    worker.transfer(*SWEEP, idempotency_key="done")
    for key, told in (("done", r"is moved: correct\(…\)"), ("never", "was never used: there is nothing to resolve")):
        with pytest.raises(bt.ResolutionRefused, match=f"key '{key}' {told}"):
            journal.resolve(key, not_executed=True)


def test_a_key_that_a_person_settled_may_be_used_again(
    open_key: str, worker: bt.TransferClient, journal: bt.Journal, clock: ManualClock
) -> None:
    clock.sleep(60)
    journal.resolve(open_key, not_executed=True)
    assert not worker.transfer(*SWEEP, idempotency_key=open_key).replayed


# --- the audit -------------------------------------------------------------------------------------------------------


def test_an_audit_of_what_went_well_finds_nothing(
    client: bt.TransferClient, sandbox: Sandbox, clock: ManualClock
) -> None:
    sandbox.deposit("isolated_margin:BTCUSDT", "USDT", "10")
    since_ms = clock.now_ms()
    client.transfer(*SWEEP)
    client.transfer("ISOLATEDMARGIN_MARGIN", "USDT", "1", from_symbol="BTCUSDT")
    clock.sleep(120)
    audit = client.audit(since_ms)
    assert (audit.clean, audit.since_ms, audit.until_ms) == (True, since_ms, clock.now_ms() - 30_000)


def test_an_audit_finds_what_nobody_claims(
    worker: bt.TransferClient, connect: Connect, sandbox: Sandbox, clock: ManualClock
) -> None:
    stranger = connect(None).transfer(*SWEEP)
    clock.sleep(120)
    audit = worker.audit(0)
    assert ([row.tran_id for row in audit.unclaimed], audit.clean) == ([stranger.tran_id], False)


def test_an_audit_finds_a_receipt_that_failed_later(
    worker: bt.TransferClient, sandbox: Sandbox, clock: ManualClock
) -> None:
    sandbox.fail_next(faults.Settle(status="FAILED", after_ms=1_000))
    receipt = worker.transfer(*SWEEP)
    clock.sleep(120)
    audit = worker.audit(0)
    assert ([record.tran_id for record in audit.failed], audit.clean) == ([receipt.tran_id], False)


def test_an_audit_misses_no_row_of_a_type_that_history_may_call_otherwise(
    connect: Connect, journal: bt.Journal, wire: Wire, clock: ManualClock
) -> None:
    """Nobody knows under which name history shows the two types of the Chinese page."""
    wire.answer = Answer(200, {}, b'{"tranId":4711}')
    worker = connect(journal, transport=wire)
    worker.transfer("MAIN_ISOLATED_MARGIN", "USDT", "1", to_symbol="BTCUSDT")
    clock.sleep(120)
    assert worker.audit(0).missing == ()


def test_an_audit_takes_no_other_row_for_a_contradiction(
    open_key: str, worker: bt.TransferClient, connect: Connect, journal: bt.Journal, clock: ManualClock
) -> None:
    """A stranger's transfer of another amount says nothing about the one that was not made."""
    connect(None).transfer("MAIN_UMFUTURE", "USDT", "3")
    clock.sleep(120)
    journal.resolve(open_key, not_executed=True, note="so I thought")
    found = worker.audit(0)
    assert [row.amount for _, row in found.contradicted] == [bt.Transfer(*SWEEP).amount]
    assert len(found.unclaimed) == 2


def test_an_audit_finds_a_receipt_without_a_row(
    connect: Connect, journal: bt.Journal, wire: Wire, clock: ManualClock
) -> None:
    wire.answer = Answer(200, {}, b'{"tranId":4711}')
    worker = connect(journal, transport=wire)
    worker.transfer(*SWEEP)
    clock.sleep(120)
    assert [record.tran_id for record in worker.audit(0).missing] == [4711]


def test_an_audit_finds_an_absence_that_was_none(
    open_key: str, worker: bt.TransferClient, journal: bt.Journal, sandbox: Sandbox, clock: ManualClock
) -> None:
    clock.sleep(120)
    journal.resolve(open_key, not_executed=True, note="so I thought")
    [(record, row)] = worker.audit(0).contradicted
    assert (record.key, row.tran_id) == (open_key, sandbox.ledger.executions()[0].tran_id)


def test_an_audit_finds_what_is_open_beyond_its_window(
    open_key: str, worker: bt.TransferClient, clock: ManualClock
) -> None:
    assert worker.audit(0).open == ()
    clock.sleep(120)
    assert [record.key for record in worker.audit(0).open] == [open_key]


def test_an_audit_sees_rows_that_carry_whole_seconds(
    worker: bt.TransferClient, sandbox: Sandbox, clock: ManualClock
) -> None:
    """The row of the first transfer after `since` may seem to be from before."""
    sandbox.exchange.history = bt_history_in_whole_seconds()
    clock.sleep(0.7)
    worker.transfer(*SWEEP)
    since_ms = clock.now_ms()
    clock.sleep(120)
    assert worker.audit(since_ms).clean


def bt_history_in_whole_seconds() -> Any:
    from binance_transfer_sandbox import HistoryBehaviour

    return HistoryBehaviour(whole_seconds=True)


def test_an_audit_goes_on_where_history_does_not_know_a_type(
    worker: bt.TransferClient, connect: Connect, sandbox: Sandbox, clock: ManualClock
) -> None:
    with pytest.raises(bt.TransferError):
        worker.execute(bt.Transfer.unchecked("MAIN_MOON", "USDT", 1), resolve_within_s=0)
    stranger = connect(None).transfer(*SWEEP)
    clock.sleep(120)
    assert [row.tran_id for row in worker.audit(0).unclaimed] == [stranger.tran_id]


@pytest.mark.parametrize("fault", [faults.GatewayError(executes=False), faults.RateLimited()], ids=["502", "-1003"])
def test_an_audit_that_cannot_read_says_so(fault: faults.Fault, worker: bt.TransferClient, sandbox: Sandbox) -> None:
    worker.transfer(*SWEEP)
    sandbox.exchange.plan(fault, on="history", times=None)
    with pytest.raises(bt.ReadFailed):
        worker.audit(0)


@pytest.mark.parametrize("kind", ["unclaimed", "failed", "missing", "contradicted", "open"])
def test_whatever_an_audit_finds_it_is_not_clean(kind: str) -> None:
    nothing = bt.Audit(0, 1, (), (), (), (), ())
    found: Any = {kind: (object(),)}
    assert (nothing.clean, evolve(nothing, **found).clean) == (True, False)


def test_an_audit_needs_a_journal(connect: Connect) -> None:
    with pytest.raises(ValueError, match="needs a journal"):
        connect(None).audit(0)


# --- pacing ----------------------------------------------------------------------------------------------------------


def test_the_minute_is_waited_for_when_its_weight_is_used_up(
    connect: Connect, open_journal: OpenJournal, sandbox: Sandbox, clock: ManualClock
) -> None:
    """The cost of a call is learned from the headers: 20 a minute here, 200 by the spec."""
    sandbox.exchange.limits = limits(9_000)
    clock.sleep(60 - clock.time() % 60)
    began_s = clock.elapsed_s
    workers = [connect(open_journal()) for _ in range(2)]
    for _ in range(10):
        for worker in workers:
            worker.transfer("MAIN_UMFUTURE", "USDT", "1")
    assert clock.elapsed_s == began_s
    workers[0].transfer("MAIN_UMFUTURE", "USDT", "1")
    assert 60 < clock.elapsed_s - began_s < 62


def limits(transfer_weight: int) -> Any:
    from binance_transfer_sandbox import Limits

    return Limits(transfer_weight=transfer_weight)


def test_silence_is_kept_by_all_workers(
    connect: Connect, open_journal: OpenJournal, sandbox: Sandbox, clock: ManualClock
) -> None:
    sandbox.fail_next(faults.RateLimited(status=429, retry_after_s=17))
    with pytest.raises(bt.RateLimited):
        connect(open_journal()).transfer(*SWEEP)
    before_s = clock.elapsed_s
    connect(open_journal()).transfer(*SWEEP)
    assert 17 <= clock.elapsed_s - before_s < 18


@pytest.mark.parametrize(
    ("answer", "silence_s"),
    [
        (Answer(400, {}, b'{"code":-1003,"msg":"Too many requests."}'), 60),
        (Answer(429, {"retry-after": "9"}, b""), 9),
        (Answer(418, {"retry-after": "300000"}, b""), 3_600),
        (Answer(418, {}, b'{"code":-1001,"msg":"Internal error."}'), 60),
    ],
)
def test_whatever_asks_for_silence_gets_it(
    answer: Answer, silence_s: int, connect: Connect, journal: bt.Journal, wire: Wire, clock: ManualClock
) -> None:
    wire.answer = answer
    with pytest.raises(bt.TransferError):
        connect(journal, transport=wire).transfer(*SWEEP, idempotency_key="k", resolve_within_s=0)
    assert journal.transact(lambda books: books.account()).silent_until_ms == clock.now_ms() + 1000 * silence_s


def test_without_a_wish_a_minute_of_silence_is_kept(
    connect: Connect, journal: bt.Journal, wire: Wire, clock: ManualClock
) -> None:
    wire.answer = Answer(429, {}, b"")
    worker = connect(journal, transport=wire)
    with pytest.raises(bt.RateLimited):
        worker.transfer(*SWEEP)
    wire.answer = None
    before_s = clock.elapsed_s
    worker.transfer(*SWEEP)
    assert 60 <= clock.elapsed_s - before_s < 62


def test_an_absurd_wish_for_silence_does_not_break_the_journal(
    connect: Connect, journal: bt.Journal, wire: Wire
) -> None:
    wire.answer = Answer(429, {"retry-after": "9" * 18}, b"")
    with pytest.raises(bt.RateLimited):
        connect(journal, transport=wire).transfer(*SWEEP, idempotency_key="k")
    assert entry(journal, "k").state == "not_moved"


def test_strangers_who_use_the_account_are_counted(
    connect: Connect, journal: bt.Journal, sandbox: Sandbox, clock: ManualClock
) -> None:
    clock.sleep(60 - clock.time() % 60)
    stranger, worker = connect(None), connect(journal)
    for _ in range(150):
        stranger.transfer("MAIN_UMFUTURE", "USDT", "1")
    began_s = clock.elapsed_s
    for _ in range(50):
        worker.transfer("MAIN_UMFUTURE", "USDT", "1")
    assert (clock.elapsed_s, moves(sandbox)) == (began_s, 200)
