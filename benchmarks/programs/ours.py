"""A transfer with this client: `python -m benchmarks.programs.ours TRANSPORT WAY URL`, with "httpx" or "fast"."""

import sys

import binance_transfer as bt
from benchmarks.programs.turns import AT_ONCE, serve, serve_asyncio


def main(library: str, way: str, url: str) -> None:
    """Serve turns; what a fast client imports is all that is imported."""
    credentials = bt.Credentials(api_key="k" * 64, secret="s" * 64)
    if library == "httpx":
        sys.modules["httptools"] = None  # type: ignore[assignment]  # as if it were not installed
    if way == "sync":
        client = bt.TransferClient(credentials, base_url=url)
        serve(lambda: client.transfer("MAIN_UMFUTURE", "USDT", "25.5"))
        return

    import asyncio

    async def run() -> None:
        async with bt.AsyncTransferClient(credentials, base_url=url) as client:
            await serve_asyncio(
                lambda: client.transfer("MAIN_UMFUTURE", "USDT", "25.5"), AT_ONCE if way == "together" else 1
            )

    asyncio.run(run())


if __name__ == "__main__":
    main(*sys.argv[1:])
