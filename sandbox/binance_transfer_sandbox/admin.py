"""
The admin interface: the exchange's truth, its faults and its settings, as JSON over HTTP.

One rule: it is for tests that run in another process or language, and it is not there unless asked for.

    GET    /sandbox/ledger      {"executions": [{"tran_id": …, "amount": "25.5", "time_ms": …, …}]}
                                narrowed by ?uid= &type= &asset= &amount= &tran_id=; only what moved money
    GET    /sandbox/balances    {"uid": …, "balances": {"spot": {"USDT": "100000"}, …}}; ?uid= for another account
    POST   /sandbox/deposits    {"wallet": "spot", "asset": "USDT", "amount": "5"}, also "uid"; answers as balances do
    POST   /sandbox/locks       the same: so much, and no more, is bound by open orders
    GET    /sandbox/symbols     {"symbols": {"BTCUSDT": ["BTC", "USDT"], …}}
    POST   /sandbox/symbols     {"symbol": "SOLUSDT"} or {"symbol": "SOL/XYZ"} lists a pair and opens its wallet;
                                also "base" and "quote"; answers 201 and all pairs
    POST   /sandbox/faults      {"fault": "drop", "executes": true, "reset": true} plans it for the next transfer;
                                also "on", "times" (null: for ever), "every", "probability"; answers 201 and the plan
    GET    /sandbox/faults      {"faults": […]}: what is still to come
    DELETE /sandbox/faults      forgets it all, answers {"faults": []}
    GET    /sandbox/history     the fields of `HistoryBehaviour`
    PUT    /sandbox/history     {"stands_still_at_ms": …, "spelling": {"asset": "lower"}}: what is not named is as usual
    GET    /sandbox/limits      the fields of `Limits`
    PUT    /sandbox/limits      {"transfer_weight": 900}: what is not named is as usual

Fault names and fields are those of `binance_transfer_sandbox.faults`. What cannot be understood gets a 400 with
{"error": …}. POST and PUT need `Content-Type: application/json`, and every request a `Host` that is this machine: see
`guard.py`.
"""

import json
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Final

from attrs import asdict
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from binance_transfer_sandbox import accounts, faults, validation
from binance_transfer_sandbox.exchange import Exchange
from binance_transfer_sandbox.history import HistoryBehaviour
from binance_transfer_sandbox.limits import Limits
from binance_transfer_sandbox.port import Port

_RULE_FIELDS: Final = frozenset({"on", "times", "every", "probability"})


def routes(exchange: Exchange, port: Port) -> list[Route]:
    """Return the routes, relative to where they are mounted."""
    return [*_truth(exchange), *_money(exchange), *_faults(exchange, port), *_settings(exchange)]


def _truth(exchange: Exchange) -> list[Route]:
    async def ledger(request: Request) -> JSONResponse:
        try:
            found = exchange.ledger.executions(**_filters(request.query_params))
        except ValueError as unfit:
            return _refusal(unfit)
        return JSONResponse({"executions": [entry.to_dict() for entry in found]})

    async def balances(request: Request) -> JSONResponse:
        try:
            return _balances(exchange, request.query_params.get("uid"))
        except ValueError as unfit:
            return _refusal(unfit)

    return [Route("/ledger", ledger, methods=["GET"]), Route("/balances", balances, methods=["GET"])]


def _money(exchange: Exchange) -> list[Route]:
    def handler(act: Callable[..., None]) -> Callable[[Request], Awaitable[JSONResponse]]:
        async def change(request: Request) -> JSONResponse:
            try:
                values = await _read(request)
                uid = str(values.pop("uid", exchange.uids[0]))
                texts = _texts(values, {"wallet", "asset", "amount"})
                act(texts["wallet"], texts["asset"], accounts.parse(texts["amount"]), uid=_uid(exchange, uid))
                return _balances(exchange, uid, 201)
            except (ValueError, RecursionError) as unfit:
                return _refusal(unfit)

        return change

    async def list_symbols(_request: Request) -> JSONResponse:
        return JSONResponse({"symbols": exchange.symbols})

    async def add_symbol(request: Request) -> JSONResponse:
        try:
            exchange.add_symbol(**_texts(await _read(request), {"symbol"}, optional={"base", "quote"}))
        except (ValueError, RecursionError) as unfit:
            return _refusal(unfit)
        return JSONResponse({"symbols": exchange.symbols}, 201)

    return [
        Route("/deposits", handler(exchange.deposit), methods=["POST"]),
        Route("/locks", handler(exchange.lock), methods=["POST"]),
        Route("/symbols", list_symbols, methods=["GET"]),
        Route("/symbols", add_symbol, methods=["POST"]),
    ]


def _faults(exchange: Exchange, port: Port) -> list[Route]:
    async def plan_fault(request: Request) -> JSONResponse:
        try:
            values = await _read(request)
            rule = {name: value for name, value in values.items() if name in _RULE_FIELDS}
            fault = faults.from_dict({name: value for name, value in values.items() if name not in _RULE_FIELDS})
            if isinstance(fault, faults.Refuse):
                if rule:
                    raise ValueError("refuse closes the port now: it takes duration_ms only")  # noqa: TRY301
                await port.close(fault.duration_ms)
                return JSONResponse(faults.to_dict(fault), 201, {"Connection": "close"})
            planned = exchange.plan(fault, **rule)
        except (ValueError, RecursionError) as unfit:
            return _refusal(unfit)
        return JSONResponse(planned.to_dict(), 201)

    async def list_faults(_request: Request) -> JSONResponse:
        return JSONResponse({"faults": [planned.to_dict() for planned in exchange.planned_faults()]})

    async def clear_faults(request: Request) -> JSONResponse:
        exchange.clear_faults()
        return await list_faults(request)

    return [
        Route("/faults", plan_fault, methods=["POST"]),
        Route("/faults", list_faults, methods=["GET"]),
        Route("/faults", clear_faults, methods=["DELETE"]),
    ]


def _settings(exchange: Exchange) -> list[Route]:
    async def history(_request: Request) -> JSONResponse:
        return JSONResponse(exchange.history.to_dict())

    async def set_history(request: Request) -> JSONResponse:
        try:
            exchange.history = HistoryBehaviour.from_dict(await _read(request))
        except (ValueError, RecursionError) as unfit:
            return _refusal(unfit)
        return await history(request)

    async def limits(_request: Request) -> JSONResponse:
        return JSONResponse(asdict(exchange.limits))

    async def set_limits(request: Request) -> JSONResponse:
        try:
            exchange.limits = validation.construct(Limits, await _read(request), "limits")
        except (ValueError, RecursionError) as unfit:
            return _refusal(unfit)
        return await limits(request)

    return [
        Route("/history", history, methods=["GET"]),
        Route("/history", set_history, methods=["PUT"]),
        Route("/limits", limits, methods=["GET"]),
        Route("/limits", set_limits, methods=["PUT"]),
    ]


async def _read(request: Request) -> dict[str, Any]:
    values = json.loads(await request.body())
    if not isinstance(values, dict):
        raise ValueError("the body must be a JSON object")  # noqa: TRY004  answered as all bad input is
    return values


def _texts(values: Mapping[str, Any], names: set[str], *, optional: Collection[str] = ()) -> dict[str, str]:
    if not names <= values.keys() <= names | set(optional):
        raise ValueError(f"the body must have {', '.join(sorted(names))} and nothing else")
    if unfit := [name for name, value in values.items() if not isinstance(value, str)]:
        raise ValueError(f"{', '.join(unfit)} must be a text")
    return dict(values)


def _balances(exchange: Exchange, uid_text: str | None, status: int = 200) -> JSONResponse:
    uid = _uid(exchange, uid_text)
    amounts = {
        wallet: {asset: accounts.text(amount) for asset, amount in assets.items()}
        for wallet, assets in exchange.balances(uid).items()
    }
    return JSONResponse({"uid": uid, "balances": amounts}, status)


def _uid(exchange: Exchange, text: str | None) -> int:
    if text is None:
        return exchange.uids[0]
    if text not in map(str, exchange.uids):
        raise ValueError(f"uid must be one of {', '.join(map(str, exchange.uids))}")
    return int(text)


def _filters(query: Mapping[str, str]) -> dict[str, Any]:
    readers: dict[str, Callable[[str], object]] = {
        "uid": int,
        "type": str,
        "asset": str,
        "amount": accounts.parse,
        "tran_id": int,
    }
    if unknown := query.keys() - readers.keys():
        raise ValueError(f"no such filter: {', '.join(sorted(unknown))}; there are {', '.join(readers)}")
    return {name: readers[name](value) for name, value in query.items()}


def _refusal(unfit: Exception) -> JSONResponse:
    # A lone surrogate, which JSON can spell, cannot be sent back.
    return JSONResponse({"error": str(unfit).encode(errors="replace").decode()}, 400)
