"""
The journal as one HTML page: for a person at three in the morning.

One rule: what needs somebody stands on top, with what to do. The page loads nothing and runs nothing.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.resources import files
from itertools import chain, groupby
from typing import Final

from binance_transfer.export.findings import Finding, Need, Total, findings, totals, wallets
from binance_transfer.export.picture import picture
from binance_transfer.export.text import counted, escape_html, moment, number, span
from binance_transfer.history import TransferRecord
from binance_transfer.journal.audit import FINDINGS, Audit, Found
from binance_transfer.journal.records import AnswerRecord, AttemptRecord, Entry
from binance_transfer.transfer import Transfer

_CARDS: Final = 100
_KEYS: Final = 500
_PICTURES: Final = 6
_AUDIT_ROWS: Final = 100
_TOTALS: Final = 500

_STYLE: Final = files("binance_transfer.export").joinpath("page.css").read_text("utf-8")

_BADGES: Final = {
    Need.CONTRADICTION: ("bad", "contradiction"),
    Need.AMBIGUOUS: ("bad", "ambiguous"),
    Need.OVERDUE: ("warn", "open, window over"),
    Need.UNDER_WAY: ("wait", "under way"),
}
_COUNTED: Final = {
    Need.CONTRADICTION: "contradicted",
    Need.AMBIGUOUS: "ambiguous",
    Need.OVERDUE: "open with the window over",
    Need.UNDER_WAY: "under way",
}
_STATES: Final = {"moved": ("good", "moved"), "not_moved": ("plain", "did not move"), "open": ("warn", "open")}
_VERDICTS: Final = {
    "accepted": "the answer accepted it",
    "refused": "the answer refused it",
    "not-sent": "no connection was made",
    "found": "found in history",
    "absent": "proven absent",
    "failed": "accepted, and failed by the exchange",
    "person": "decided by a person",
    "reopened": "opened again by a late answer",
}


def to_html(entries: Iterable[Entry], *, account: str, now_ms: int, audit: Audit | None = None) -> str:
    """
    Return a page about an account's keys that needs nothing else: no script, no font, no picture from elsewhere.

    account: what the journal calls it.
    now_ms: when the page is made, in ms since 1970, by the exchange's clock if possible: ages follow from it.
    audit: what an audit found, if there was one; it lets the page name the candidates of an ambiguous key.
    """
    entries = list(entries)
    open_keys = findings(entries, now_ms, audit)
    sums = totals(entries)
    sections = (
        _header(entries, account, now_ms),
        _status(entries, open_keys, audit),
        _attention(open_keys, now_ms),
        _flows(sums),
        _audited(audit),
        _all_keys(entries),
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape_html(_headline(entries, open_keys))} – {escape_html(account)}</title>\n"  # noqa: RUF001
        f"<style>\n{_STYLE}</style>\n</head>\n<body>\n{''.join(sections)}</body>\n</html>\n"
    )


def _header(entries: Sequence[Entry], account: str, now_ms: int) -> str:
    attempts = sum(len(entry.attempts) for entry in entries)
    return (
        f"<header><h1>Transfers of <bdi>{escape_html(account)}</bdi></h1>"
        f"<p>As of {moment(now_ms)} UTC · {counted(len(entries), 'key')} · {counted(attempts, 'attempt')}</p>"
        "</header>\n"
    )


def _headline(entries: Sequence[Entry], open_keys: Sequence[Finding]) -> str:
    if open_keys:
        return f"{counted(len(open_keys), 'key')} not settled"
    return "All settled" if entries else "Nothing recorded"


def _status(entries: Sequence[Entry], open_keys: Sequence[Finding], audit: Audit | None) -> str:
    """Say in one line whether anybody has to do anything."""
    if not entries:
        kind, more = "wait", "This account has no keys in the journal. If you expected some, check its name."
    elif open_keys:
        kind = _BADGES[open_keys[0].need][0]
        count = Counter(finding.need for finding in open_keys)
        more = ", ".join(f"{number(count[need])} {_COUNTED[need]}" for need in Need if count[need]) + "."
    else:
        states = Counter(entry.state for entry in entries)
        kind, more = "good", f"{counted(states['moved'], 'key')} moved, {number(states['not_moved'])} did not."
    if audit and not audit.clean:
        kind, more = "bad", f"{more} The audit found differences: see below."
    return (
        f'<main>\n<p class="status {kind}"><strong>{_headline(entries, open_keys)}.</strong> <span>{more}</span></p>\n'
    )


def _attention(open_keys: Sequence[Finding], now_ms: int) -> str:
    if not open_keys:
        return ""
    cards = "".join(_card(finding, now_ms) for finding in open_keys[:_CARDS])
    left = len(open_keys) - _CARDS
    more = f"<p>{counted(left, 'key')} more like these are left out here.</p>" if left > 0 else ""
    return (
        '<section aria-labelledby="open"><h2 id="open">Not settled</h2>'
        "<p>The money of these may have moved. <strong>Send none of them again under another key.</strong> Calling"
        f" again with the same key is safe.</p>{cards}{more}</section>\n"
    )


def _card(finding: Finding, now_ms: int) -> str:
    kind, badge = _BADGES[finding.need]
    entry, record = finding.entry, finding.record
    left_ms = record.window_end_ms - now_ms
    facts = [
        ("Sent", f"{moment(record.timestamp_ms)} UTC, {span(now_ms - record.timestamp_ms)} ago"),
        ("Window ends", f"{moment(record.window_end_ms)} UTC, {_when(left_ms)}"),
        ("Last answer", _answer(record.answer) if record.answer else "none recorded"),
    ]
    if finding.need is Need.CONTRADICTION:
        facts.append(("Recorded", _verdict(record)))
    if finding.candidates:
        facts.append(("In history", "<br>".join(_row(row) for row in finding.candidates)))
    listed = "".join(f"<div><dt>{name}</dt><dd>{text}</dd></div>" for name, text in facts)
    advice, code = _advice(finding, over=left_ms < 0)
    return (
        f'<article class="card {kind}"><h3><span class="badge {kind}">{badge}</span> '
        f"<bdi><code>{escape_html(entry.key)}</code></bdi></h3>"
        f'<p class="what">{_transfer(entry.transfer)}</p><dl>{listed}</dl>'
        f"<p><strong>Next:</strong> {advice}</p><pre><code>{escape_html(code)}</code></pre></article>"
    )


def _when(left_ms: int) -> str:
    return f"over for {span(left_ms)}" if left_ms < 0 else f"in {span(left_ms)}"


def _advice(finding: Finding, *, over: bool) -> tuple[str, str]:
    """Return what to do about a key, in words and as a line of Python."""
    key = ascii(finding.entry.key)
    match finding.need:
        case Need.CONTRADICTION:
            advice = (
                "answers and verdict disagree, so money may have moved that the journal does not count. Stop all"
                " workers with this, then compare the wallets' balances with the exchange's history."
            )
            return advice, f"journal.halt({f'contradiction under key {finding.entry.key}'!a})"
        case Need.AMBIGUOUS:
            ids = ", ".join(str(row.tran_id) for row in finding.candidates)
            those = f"  # one of {ids}" if ids else ""
            advice = (
                "history holds more than one transfer that this could be. Find out which by the wallets' balances, and"
                f" write it down{'' if over else ', once the window is over'}; or not_executed=True, if it is none."
            )
            return advice, f'journal.resolve({key}, tran_id=…, note="…"){those}'
        case Need.OVERDUE:
            return "its window is over, so history can tell. Ask it:", "client.reconcile_all()"
        case _:
            return "wait until its window is over. Then history can tell:", "client.reconcile_all()"


def _flows(sums: Sequence[Total]) -> str:
    if not sums:
        return ""
    by_asset = [(asset, list(group)) for asset, group in groupby(sums, lambda total: total.asset)]
    by_asset.sort(key=lambda pair: -sum(total.moved for total in pair[1]))
    drawn = [(asset, svg) for asset, group in by_asset[:_PICTURES] if (svg := picture(asset, group))]
    figures = "".join(
        f"<figure>{svg}<figcaption><bdi>{escape_html(asset)}</bdi></figcaption></figure>" for asset, svg in drawn
    )
    left = len(by_asset) - _PICTURES
    said = "The wider a band, the more of the asset moved. All amounts are in the table."
    more = f" The {_PICTURES} assets that moved most often are drawn." if left > 0 else ""
    pictures = f'<p>{said}{more}</p><div class="figures">{figures}</div>' if drawn else ""
    listed = [total for _, group in by_asset for total in group]
    rows = "".join(map(_total, listed[:_TOTALS]))
    cut = f"<p>{number(len(listed) - _TOTALS)} more are left out here.</p>" if len(listed) > _TOTALS else ""
    return (
        f'<section aria-labelledby="flows"><h2 id="flows">What moved between wallets</h2>{pictures}'
        '<table role="table"><caption>Totals by asset and pair of wallets</caption><thead role="rowgroup">'
        '<tr role="row"><th role="columnheader" scope="col">Asset</th>'
        '<th role="columnheader" scope="col">From</th><th role="columnheader" scope="col">To</th>'
        '<th role="columnheader" scope="col" class="number">Transfers</th>'
        '<th role="columnheader" scope="col" class="number">Moved</th>'
        '<th role="columnheader" scope="col" class="number">May have moved</th>'
        f'</tr></thead><tbody role="rowgroup">{rows}</tbody></table>{cut}</section>\n'
    )


def _total(total: Total) -> str:
    pending = f"{number(total.open_amount)} ({number(total.open)})" if total.open else ""
    return (
        f'<tr role="row"><th role="rowheader" scope="row"><bdi>{escape_html(total.asset)}</bdi></th>'
        f'<td role="cell" data-name="From">{escape_html(total.source)}</td>'
        f'<td role="cell" data-name="To">{escape_html(total.target) or "not known"}</td>'
        f'<td role="cell" data-name="Transfers" class="number">{number(total.moved)}</td>'
        f'<td role="cell" data-name="Moved" class="number">{number(total.moved_amount) if total.moved else ""}</td>'
        f'<td role="cell" data-name="May have moved" class="number">{pending}</td></tr>'
    )


def _audited(audit: Audit | None) -> str:
    head = '<section aria-labelledby="audit"><h2 id="audit">Audit against the exchange</h2>'
    if audit is None:
        text = (
            "Not part of this page: <code>client.audit(since)</code> compares the journal with the exchange's history."
        )
        return f"{head}<p>{text}</p></section>\n"
    period = f"<p>History from {moment(audit.since_ms)} to {moment(audit.until_ms)} UTC was compared.</p>"
    lists = "".join(_audit_kind(kind, meaning, getattr(audit, kind)) for kind, meaning in FINDINGS.items())
    return f"{head}{period}{lists or '<p>Journal and history agree.</p>'}</section>\n"


def _audit_kind(kind: str, meaning: str, found: Sequence[Found]) -> str:
    if not found:
        return ""
    items = "".join(f"<li>{_audit_item(each)}</li>" for each in found[:_AUDIT_ROWS])
    cut = f"<p>{number(len(found) - _AUDIT_ROWS)} more are left out.</p>" if len(found) > _AUDIT_ROWS else ""
    title = f"{kind.replace('_', ' ').capitalize()}: {meaning}"
    return f"<h3>{title} ({number(len(found))})</h3><ul>{items}</ul>{cut}"


def _audit_item(found: Found) -> str:
    match found:
        case TransferRecord():
            return _row(found)
        case AttemptRecord():
            return _named(found)
        case (record, row):
            return f"{_named(record)} – {_row(row)}"  # noqa: RUF001


def _named(record: AttemptRecord) -> str:
    return (
        f"<bdi><code>{escape_html(record.key)}</code></bdi>: {_transfer(record.attempt.transfer)}, {_verdict(record)}"
    )


def _row(row: TransferRecord) -> str:
    return (
        f"<code>{row.tran_id}</code> {moment(row.timestamp_ms)}, {escape_html(row.type)}, {number(row.amount)} "
        f"{escape_html(row.asset)}, {escape_html(row.status)}"
    )


def _all_keys(entries: Sequence[Entry]) -> str:
    newest = sorted(entries, key=lambda entry: -entry.attempts[0].opened_ms)[:_KEYS]
    limited = (
        f"<p>The newest {number(_KEYS)} of {number(len(entries))} keys. The CSV and JSON Lines exports hold all.</p>"
        if len(entries) > _KEYS
        else ""
    )
    rows = "".join(chain.from_iterable(map(_key, newest)))
    table = (
        '<table role="table" class="keys"><caption>Newest first, one row for each attempt</caption>'
        '<thead role="rowgroup"><tr role="row">'
        + "".join(
            f'<th role="columnheader" scope="col">{name}</th>'
            for name in ("Key", "Transfer", "Sent", "Answers", "Verdict")
        )
        + f'</tr></thead><tbody role="rowgroup">{rows}</tbody></table>'
    )
    return (
        f'<section aria-labelledby="keys"><h2 id="keys">All keys</h2>{limited}{table if newest else "<p>None.</p>"}'
        "</section>\n</main>\n<footer><p>All times are UTC. Amounts are exact.</p></footer>\n"
    )


def _key(entry: Entry) -> list[str]:
    rows: list[str] = []
    for nth, record in enumerate(entry.attempts, 1):
        kind, state = _STATES[record.state]
        which = f" <small>attempt {nth} of {len(entry.attempts)}</small>" if len(entry.attempts) > 1 else ""
        answers = "<br>".join(map(_answer, record.answers)) or "none recorded"
        rows.append(
            f'<tr role="row"><th role="rowheader" scope="row"><span class="badge {kind}">{state}</span> '
            f"<bdi><code>{escape_html(entry.key)}</code></bdi>{which}</th>"
            f'<td role="cell" data-name="Transfer">{_transfer(entry.transfer)}</td>'
            f'<td role="cell" data-name="Sent">{moment(record.timestamp_ms)}</td>'
            f'<td role="cell" data-name="Answers">{answers}</td>'
            f'<td role="cell" data-name="Verdict">{_verdict(record)}</td></tr>'
        )
    return rows


def _transfer(transfer: Transfer) -> str:
    known = wallets(transfer)
    amount = f"<strong>{number(transfer.amount)}&#160;<bdi>{escape_html(transfer.asset)}</bdi></strong>"
    if known is None:
        return f"{amount} <bdi>{escape_html(transfer.type)}</bdi>"
    source, target = (
        escape_html(title) + (f" <bdi>{escape_html(symbol)}</bdi>" if symbol else "")
        for title, symbol in zip(known, (transfer.from_symbol, transfer.to_symbol), strict=True)
    )
    return f"{amount} {source} → {target}"


def _answer(answer: AnswerRecord) -> str:
    status = f"HTTP {answer.http_status}" if answer.http_status is not None else ""
    code = str(answer.code) if answer.code is not None else ""
    moved = f"tranId {answer.tran_id}" if answer.tran_id is not None else ""
    text = " ".join(filter(None, (status, code, escape_html(answer.msg), moved)))
    return f"<code>{escape_html(answer.outcome)}</code>{f': {text}' if text else ''}"


def _verdict(record: AttemptRecord) -> str:
    if record.verdict is None:
        return "none yet"
    what = f"moved as <code>{record.tran_id}</code>" if record.state == "moved" else "did not move"
    at = f", {moment(record.verdict_ms)}" if record.verdict_ms is not None else ""
    last = record.answer.msg if record.answer else ""
    note = f"<br><q>{escape_html(record.note)}</q>" if record.note and record.note != last else ""
    return f"{what}: {_VERDICTS[record.verdict]}{at}{note}"
