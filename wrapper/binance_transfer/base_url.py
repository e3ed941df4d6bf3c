"""
Where requests go.

One rule: a key travels over https, or not beyond this machine; and a host that is known to serve something else is
refused by name, before anything is sent there.
"""

import ipaddress
import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from binance_transfer.visible import exact_str, quoted
from binance_transfer_api import SERVERS

DEFAULT: Final = SERVERS[0]

_NOT_IN_A_URL: Final = frozenset(" \\@?#")
_THIS_MACHINE: Final = "127.0.0.1"
_LOCAL_NAMES: Final = frozenset({"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"})
_LONGEST_HOST: Final = 253  # RFC 1035, section 2.3.4, without the dot at the end
_PORTS: Final = {"https": 443, "http": 80}

# Advice, and no fact that anything is decided by: hosts that people take for the right one → what they are, and where
# to go. The first that fits counts.
_USE: Final = f"use {DEFAULT}"
_SANDBOX: Final = "use the sandbox on this machine: python -m binance_transfer_sandbox"
_OTHERS: Final = {
    r"(.*\.)?testnet\.binance\.vision|demo(-\w+)?\.binance\.com|(.*\.)?binancefuture\.com|(.*\.)?binanceops\.com": (
        f"a test network, which does not serve this endpoint: {_SANDBOX}"
    ),
    r"(.*\.)?binance\.us": f"Binance.US, another exchange with other accounts: {_USE}",
    r"fapi\d*\.binance\.com": f"the server of the USDⓈ-M futures API, which does not serve this endpoint: {_USE}",
    r"dapi\d*\.binance\.com": f"the server of the COIN-M futures API, which does not serve this endpoint: {_USE}",
    r"eapi\d*\.binance\.com": f"the server of the options API, which does not serve this endpoint: {_USE}",
    r"papi\d*\.binance\.com": f"the server of the portfolio margin API, which does not serve this endpoint: {_USE}",
    r"([a-z-]*stream[a-z-]*|ws-[a-z-]+)\.binance\.(com|vision)": f"a server of streams, not of requests: {_USE}",
    r"(.*\.)?binance\.vision": f"a server of market data, which knows no accounts: {_USE}",
    r"((www|accounts|developers|p2p)\.)?binance\.com": f"a web site, not a server of the API: {_USE}",
}


def checked_base_url(base_url: object) -> str:
    """Return a base URL without a slash at its end; raises ValueError unless it is https, or http to this machine."""
    base_url = exact_str(base_url)
    if (
        not isinstance(base_url, str)
        or not base_url.isascii()
        or not base_url.isprintable()
        or set(base_url) & _NOT_IN_A_URL
    ):
        message = "base_url must be scheme, host, port and path, and nothing more"  # not shown: it may hold a password
        raise ValueError(message)
    parts = _parts(base_url)
    if parts is None:
        message = f"base_url {quoted(base_url)} has an invalid host or port"
        raise ValueError(message)
    host = _host(parts)
    if other := next((what for names, what in _OTHERS.items() if re.fullmatch(names, host)), ""):
        message = f"base_url: {host} is {other}"
        raise ValueError(message)
    local = parts.hostname == "localhost" or _is_loopback(host)
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
        message = (
            f"base_url {quoted(base_url)} must be https://…; http is for this machine: a key must not travel in clear"
        )
        raise ValueError(message)
    return base_url.rstrip("/")


def environment_of(base_url: str) -> str:
    """
    Return the one spelling of a base URL that names the exchange behind it.

    The case of scheme and host, a dot behind the host, the port that is the default and slashes at the end make no
    difference; nor does which name of this machine or which of the vendor's servers is used. What is no URL comes back
    as it is.
    """
    parts = _parts(base_url)
    if parts is None or not parts.hostname:
        return base_url
    host = _host(parts)
    if host in _LOCAL_NAMES or _is_loopback(host):
        host = _THIS_MACHINE
    port = "" if parts.port in {None, _PORTS.get(parts.scheme)} else f":{parts.port}"
    canonical = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}{parts.path.rstrip('/')}"
    return DEFAULT if canonical in SERVERS else canonical


def is_this_machine(base_url: str) -> bool:
    """Tell whether a base URL leads to this machine: a sandbox, not the live exchange."""
    parts = _parts(base_url)
    return parts is not None and (_host(parts) in _LOCAL_NAMES or _is_loopback(_host(parts)))


def base_url_from(variable: str | None) -> str:
    """Return what BINANCE_BASE_URL says, the vendor's first server where it is not set; raises ValueError."""
    if variable is None:
        return DEFAULT
    if not variable.strip():
        message = f"BINANCE_BASE_URL is empty: take it out of the environment, or set the base_url, e.g. {DEFAULT}"
        raise ValueError(message)
    return variable


def _parts(base_url: str) -> SplitResult | None:
    try:
        parts = urlsplit(base_url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return None
    return parts if len(host) <= _LONGEST_HOST else None


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").removesuffix(".")
    address = _address(host)
    return host if address is None else str(address)


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return address is not None and address.is_loopback


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return (address.version == 6 and address.ipv4_mapped) or address  # noqa: PLR2004  # IPv6 has a spelling for IPv4
