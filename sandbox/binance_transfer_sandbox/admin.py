"""
The admin interface: the exchange's truth and its faults, as JSON over HTTP.

One rule: it is for tests that run in another process or language, and it is not there unless asked for.

    GET    /sandbox/ledger      {"executions": [{"tran_id": …, "amount": "25.5", "time_ms": …, …}]}
                                narrowed by ?uid= &type= &asset= &amount= &tran_id=; only what moved money
    GET    /sandbox/balances    {"uid": …, "balances": {"spot": {"USDT": "100000"}, …}}; ?uid= for another account
    POST   /sandbox/faults      {"fault": "drop", "executes": true, "reset": true} plans it for the next transfer;
                                also "on", "times" (null: for ever), "every", "probability"; answers 201 and the plan
    GET    /sandbox/faults      {"faults": […]}: what is still to come
    DELETE /sandbox/faults      forgets it all, answers {"faults": []}

Fault names and fields are those of `binance_transfer_sandbox.faults`. What cannot be understood gets a 400 with
{"error": …}.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from binance_transfer_sandbox import accounts, faults
from binance_transfer_sandbox.exchange import Exchange
from binance_transfer_sandbox.port import Port

_RULE_FIELDS: Final = frozenset({"on", "times", "every", "probability"})


def routes(exchange: Exchange, port: Port) -> list[Route]:
    """Return the routes, relative to where they are mounted."""

    async def ledger(request: Request) -> JSONResponse:
        try:
            found = exchange.ledger.executions(**_filters(request.query_params))
        except ValueError as unfit:
            return _refusal(unfit)
        return JSONResponse({"executions": [entry.to_dict() for entry in found]})

    async def balances(request: Request) -> JSONResponse:
        try:
            uid = int(request.query_params.get("uid", exchange.uids[0]))
            wallets = exchange.balances(uid)
        except (ValueError, KeyError):
            return _refusal(ValueError(f"uid must be one of {', '.join(map(str, exchange.uids))}"))
        amounts = {
            wallet: {asset: accounts.text(amount) for asset, amount in assets.items()}
            for wallet, assets in wallets.items()
        }
        return JSONResponse({"uid": uid, "balances": amounts})

    async def plan_fault(request: Request) -> JSONResponse:
        try:
            values = json.loads(await request.body())
            if not isinstance(values, dict):
                raise ValueError("the body must be a JSON object")  # noqa: TRY004, TRY301  answered as all bad input is
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
        Route("/ledger", ledger, methods=["GET"]),
        Route("/balances", balances, methods=["GET"]),
        Route("/faults", plan_fault, methods=["POST"]),
        Route("/faults", list_faults, methods=["GET"]),
        Route("/faults", clear_faults, methods=["DELETE"]),
    ]


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
    return JSONResponse({"error": str(unfit)}, 400)
