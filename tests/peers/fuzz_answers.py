"""
A million answers of every shape, judged by the package and by an oracle of its own; some of them over real connections.

One rule: the oracle shares no code with the package. It knows the rule in its shortest form, and both must agree:
a receipt is a 200 with a sound integer id and no error beside it; nothing moved where a proof is there and nothing in
the body could be a transfer; all else is unknown.
"""

import argparse
import asyncio
import json
import random
import re
import ssl
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import binance_transfer as bt
from binance_transfer.wire.answer import Answer
from binance_transfer.wire.outcome import judge
from tests.support.loopback import Connection, Loopback, response

ATTEMPT = bt.Attempt(bt.Transfer("MAIN_UMFUTURE", "USDT", "25.5"), 1_499_827_319_559, 5000)

# Written by hand from the vendor's pages: a few codes of each kind.
REJECTED = {-1002, -1003, -1021, -1022, -1102, -2014, -2015, -3020, -3041, -5002, -5013, -4026, -1121, -1111}
NEVER = {-1000, -1001, -1006, -1007, -5012}
UNKNOWN = {-1004, -1008, -3000, -3044, -5010, -9999, 0, 200, 7, -1, 100001003, -9000}
STATUSES = (
    200,
    200,
    200,
    201,
    204,
    301,
    302,
    307,
    400,
    400,
    400,
    401,
    403,
    404,
    409,
    418,
    422,
    429,
    451,
    500,
    502,
    503,
)
IDS: tuple[Any, ...] = (1, 7, 13526853623, 2**63 - 1, 2**63, 0, -1, "7", 7.0, None, True, [7], {"v": 7})
TEXTS = (
    "",
    "x",
    "insufficient balance",
    "<html>",
    "see tranId 7",
    "code -1007",
    "-1000",
    "1000ms",
    "it's -10070",
    "币安",
)
KEYS = ("tranId", "tranid", "TranID", "tran_id", "id", "data", "msg", "code", "rows", "orderId")


def value(draw: random.Random, depth: int = 0) -> Any:
    nested = draw.randrange(9 if depth < 3 else 6)
    if nested < 6:
        codes = [*REJECTED, *NEVER, *UNKNOWN]
        return draw.choice([*IDS, *TEXTS, *codes, True, False, None, 1.5, -1007.0, 1e300, draw.randrange(-6000, 6000)])
    items = [value(draw, depth + 1) for _ in range(draw.randrange(3))]
    return items if nested == 6 else {draw.choice(KEYS): item for item in items}


def body(draw: random.Random) -> bytes:
    """Make a body: mostly JSON of about the right shape, then damaged now and then."""
    fields: dict[str, Any] = {}
    if draw.random() < 0.45:
        fields["tranId"] = draw.choice(IDS)
    if draw.random() < 0.6:
        fields["code"] = draw.choice([*REJECTED, *NEVER, *UNKNOWN])
        if draw.random() < 0.85:
            fields["msg"] = draw.choice(TEXTS)
    if draw.random() < 0.15:
        fields[draw.choice(KEYS)] = value(draw)
    document: Any = fields if draw.random() < 0.9 else value(draw)
    text = json.dumps(document, ensure_ascii=draw.random() < 0.5)
    chance = draw.random()
    if chance < 0.04:
        text = text[: draw.randrange(len(text) + 1)]
    elif chance < 0.06:
        text = f"<html>{text}</html>"
    elif chance < 0.08:
        text = text.replace("tranId", "tr\\u0061nId")
    elif chance < 0.1:
        text = text + draw.choice(TEXTS)
    elif chance < 0.11:
        text = "[" * draw.randrange(200_0) + text
    data = text.encode("utf-8", "surrogatepass")
    if chance > 0.99:
        data = bytes(draw.randrange(256) for _ in range(draw.randrange(40)))
    return data


# --- the oracle ------------------------------------------------------------------------------------------------------


def expected(status: int, data: bytes) -> str:
    """Say what an answer may be called: "receipt", "nothing moved" or "unknown"."""
    document = read(data)
    fields = document if isinstance(document, dict) else {}
    tran_id, code = fields.get("tranId"), fields.get("code")
    sound = type(tran_id) is int and 0 < tran_id < 2**63
    beside = code is None or (type(code) is int and code in {0, 200})
    if status == 200 and sound:
        return "receipt" if beside else "unknown"
    if could_be_a_transfer(data, document):
        return "unknown"
    if status in {418, 429, 403, 451}:
        return "nothing moved"
    refused = 400 <= status < 500 and status != 409
    return "nothing moved" if refused and type(code) is int and code in REJECTED else "unknown"


def read(data: bytes) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) < len(pairs):
            raise ValueError
        return dict(pairs)

    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=unique)
    except (ValueError, RecursionError):
        return None


def could_be_a_transfer(data: bytes, document: Any) -> bool:
    text = data.replace(b"\0", b"").decode("latin-1")
    text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), text)
    if re.search(r"tran[\s_-]*id", text, re.IGNORECASE):
        return True
    for code in NEVER:
        for found in re.finditer(re.escape(str(code)), text):
            # Behind a digit it is part of a range or a date, behind a digit and a letter of a UUID.
            joined = re.search(r"[0-9][a-fA-F]?$", text[: found.start()][-2:])
            if not joined and not re.match(r"[0-9]", text[found.end() :][:1]):
                return True
    return any(isinstance(number, float) and number in NEVER for number in numbers(document))


def numbers(document: Any) -> Iterator[Any]:
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, list):
        for item in document:
            yield from numbers(item)
    else:
        yield document


# --- both ------------------------------------------------------------------------------------------------------------


def name_of(result: object) -> str:
    if isinstance(result, bt.Receipt):
        return "receipt"
    return "nothing moved" if isinstance(result, bt.NotExecuted) else "unknown"


def judged(status: int, data: bytes) -> str:
    try:
        return name_of(judge(ATTEMPT, Answer(status, {}, data)))
    except bt.TransferError as error:
        return name_of(error)


def pure(count: int, seed: int) -> list[str]:
    """Judge so many answers and return what the two disagree about."""
    draw, told, wrong = random.Random(seed), Counter[str](), list[str]()
    for _ in range(count):
        status, data = draw.choice(STATUSES), body(draw)
        right = expected(status, data)
        told[right] += 1
        if (found := judged(status, data)) != right:
            wrong.append(f"{status} {data[:200]!r}: {found}, not {right}")
    print(f"{count} answers, seed {seed}: {dict(told)}")
    return wrong


def over_the_wire(count: int, seed: int) -> list[str]:
    """Send so many answers over connections that are kept, to both clients."""
    draw = random.Random(seed)
    answers = [(draw.choice([status for status in STATUSES if status != 204]), body(draw)) for _ in range(count)]
    wrong: list[str] = []
    for kind in (bt.HttpxTransport, bt.FastTransport, bt.AsyncHttpxTransport, bt.AsyncFastTransport):
        replies = iter(answers)

        def reply(connection: Connection, replies: Iterator[tuple[int, bytes]] = replies) -> None:
            status, data = next(replies)
            connection.send(response(status, data))

        with Loopback(reply) as server:
            results = (
                asyncio.run(_asyncio(kind, server, count)) if "Async" in kind.__name__ else _sync(kind, server, count)
            )
        for (status, data), found in zip(answers, results, strict=True):
            if found != (right := expected(status, data)):
                wrong.append(f"{kind.__name__} {status} {data[:200]!r}: {found}, not {right}")
    print(f"{count} answers over the wire, with each transport, seed {seed}")
    return wrong


def _attempts(count: int) -> Iterator[bt.Attempt]:
    return (bt.Attempt(ATTEMPT.transfer, time.time_ns() // 1_000_000, 5000) for _ in range(count))


def _sync(kind: type[Any], server: Loopback, count: int) -> list[str]:
    results: list[str] = []
    transport = kind(verify=ssl.create_default_context())
    with bt.TransferClient({"api_key": "k", "secret": "s"}, base_url=server.url, transport=transport) as client:
        for attempt in _attempts(count):
            try:
                results.append(name_of(client.execute(attempt)))
            except bt.TransferError as error:
                results.append(name_of(error))
    return results


async def _asyncio(kind: type[Any], server: Loopback, count: int) -> list[str]:
    results: list[str] = []
    transport = kind(verify=ssl.create_default_context())
    async with bt.AsyncTransferClient(
        {"api_key": "k", "secret": "s"}, base_url=server.url, transport=transport
    ) as client:
        for attempt in _attempts(count):
            try:
                results.append(name_of(await client.execute(attempt)))
            except bt.TransferError as error:
                results.append(name_of(error))
    return results


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=1_000_000)
    parser.add_argument("--wire", type=int, default=3_000)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**6)
    options = parser.parse_args()
    wrong = pure(options.answers, options.seed) + over_the_wire(options.wire, options.seed)
    for line in wrong[:20]:
        print(f"WRONG: {line}", file=sys.stderr)
    print(f"{len(wrong)} disagreements")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
