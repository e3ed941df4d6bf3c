"""Which hosts are refused by name, and which spellings of a base URL mean the same exchange."""

import inspect
import subprocess
import sys
import time
from typing import Any

import pytest

import binance_transfer as bt
from binance_transfer.base_url import checked_base_url, environment_of
from binance_transfer.options import AsyncClientOptions, ClientOptions
from binance_transfer_api import SERVERS
from tests.wrapper import keys

# A host that does not serve the endpoint → what the message has to say of it, and where to go.
WRONG: list[tuple[str, str, str]] = [
    ("testnet.binance.vision", "test network", "sandbox"),
    ("api1.testnet.binance.vision", "test network", "sandbox"),
    ("ws-api.testnet.binance.vision", "test network", "sandbox"),
    ("stream.testnet.binance.vision", "test network", "sandbox"),
    ("testnet.binancefuture.com", "test network", "sandbox"),
    ("dstream.binancefuture.com", "test network", "sandbox"),
    ("testnet.binanceops.com", "test network", "sandbox"),
    ("demo-api.binance.com", "test network", "sandbox"),
    ("demo-fapi.binance.com", "test network", "sandbox"),
    ("demo.binance.com", "test network", "sandbox"),
    ("api.binance.us", "Binance.US", SERVERS[0]),
    ("binance.us", "Binance.US", SERVERS[0]),
    ("www.binance.us", "Binance.US", SERVERS[0]),
    ("fapi.binance.com", "USDⓈ-M futures", SERVERS[0]),
    ("fapi1.binance.com", "USDⓈ-M futures", SERVERS[0]),
    ("dapi.binance.com", "COIN-M futures", SERVERS[0]),
    ("eapi.binance.com", "options", SERVERS[0]),
    ("papi.binance.com", "portfolio margin", SERVERS[0]),
    ("data-api.binance.vision", "market data", SERVERS[0]),
    ("data.binance.vision", "market data", SERVERS[0]),
    ("www.binance.com", "web site", SERVERS[0]),
    ("binance.com", "web site", SERVERS[0]),
    ("developers.binance.com", "web site", SERVERS[0]),
    ("stream.binance.com", "streams", SERVERS[0]),
    ("fstream.binance.com", "streams", SERVERS[0]),
    ("dstream.binance.com", "streams", SERVERS[0]),
    ("nbstream.binance.com", "streams", SERVERS[0]),
    ("fstream-auth.binance.com", "streams", SERVERS[0]),
    ("data-stream.binance.vision", "streams", SERVERS[0]),
    ("ws-api.binance.com", "streams", SERVERS[0]),
    ("ws-fapi.binance.com", "streams", SERVERS[0]),
]

SPELLINGS = ["https://{}", "https://{}/", "https://{}:443", "https://{}./", "http://{}", "https://{}/api"]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(("host", "what", "where"), WRONG)
def test_a_host_that_serves_something_else_is_refused_by_name(host: str, what: str, where: str, spelling: str) -> None:
    with pytest.raises(ValueError, match=r"^base_url") as refused:
        checked_base_url(spelling.format(host))
    assert [text for text in (host, what, where) if text not in str(refused.value)] == []


@pytest.mark.parametrize(("host", "what", "where"), WRONG)
def test_capitals_do_not_hide_it(host: str, what: str, where: str) -> None:
    with pytest.raises(ValueError, match=what):
        checked_base_url(f"HTTPS://{host.upper()}")


@pytest.mark.parametrize("client", [bt.TransferClient, bt.AsyncTransferClient])
def test_a_client_refuses_it(client: Any) -> None:
    with pytest.raises(ValueError, match="test network"):
        client(keys.credentials(), base_url="https://testnet.binance.vision")


TAKEN = [
    *SERVERS, "https://api-aws.binance.com", "https://api5.binance.com", "https://binance.example",
    "https://fapi.binance.com.example", "https://testnet.binance.vision.example", "https://proxy.example/fapi.binance.com",
    "https://notbinance.us", "https://mybinance.com", "https://upstream.example", "http://localhost:1",
]  # fmt: skip


@pytest.mark.parametrize("base_url", TAKEN)
def test_the_vendor_s_servers_and_proxies_of_one_s_own_are_taken(base_url: str) -> None:
    assert checked_base_url(base_url) == base_url


@pytest.mark.parametrize("host", ["stream" * 100_000, "a." * 300_000, "-" * 1_000_000], ids=lambda host: host[:8])
def test_no_host_costs_more_than_its_length(host: str) -> None:
    began_s = time.process_time()
    with pytest.raises(ValueError, match="base_url") as refused:
        checked_base_url(f"https://{host}")
    assert time.process_time() - began_s < 2
    assert len(str(refused.value)) < 300


# --- one name for an exchange ----------------------------------------------------------------------------------------

SAME: list[tuple[str, list[str]]] = [
    (
        "https://api.binance.com",
        [*SERVERS, "https://API.Binance.com", "HTTPS://api1.binance.com/", "https://api.binance.com:443",
         "https://api.binance.com.", "https://api.binance.com.:443//"],
    ),
    (
        "http://127.0.0.1:8080",
        ["http://127.0.0.1:8080", "http://localhost:8080", "http://LOCALHOST:8080/", "http://[::1]:8080",
         "http://127.1.2.3:8080", "http://ip6-localhost:8080", "http://localhost.:8080", "http://[0:0:0:0:0:0:0:1]:8080",
         "http://[::ffff:127.0.0.1]:8080"],
    ),
    ("http://127.0.0.1", ["http://localhost", "http://localhost:80", "http://[::1]:80/", "http://127.0.0.1"]),
    ("https://127.0.0.1", ["https://localhost", "https://localhost:443"]),
    ("https://proxy.example/binance", ["https://Proxy.Example:443/binance/", "https://proxy.example./binance"]),
    ("https://[2001:db8::1]:8443", ["https://[2001:DB8:0::1]:8443/", "https://[2001:0db8::0001]:8443"]),
    ("https://10.0.0.1", ["https://10.0.0.1:443/", "https://[::ffff:10.0.0.1]"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("base_url", "environment"), [(base_url, environment) for environment, urls in SAME for base_url in urls]
)
def test_each_spelling_means_the_same_exchange(base_url: str, environment: str) -> None:
    assert environment_of(base_url) == environment


@pytest.mark.parametrize("environment", [environment for environment, _ in SAME])
def test_the_canonical_spelling_is_its_own(environment: str) -> None:
    """So that what an older program has recorded can be put through it again."""
    assert environment_of(environment) == environment


DIFFERENT = [
    "https://api.binance.com/x", "https://api.binance.com:8443", "http://127.0.0.1:8081", "https://127.0.0.1:8080",
    "https://api.binance.example", "https://proxy.example/Binance", "https://proxy.example", "https://10.0.0.2",
]  # fmt: skip


@pytest.mark.parametrize("base_url", DIFFERENT)
def test_another_host_port_path_or_scheme_is_another_exchange(base_url: str) -> None:
    assert environment_of(base_url) not in {environment for environment, _ in SAME}


@pytest.mark.parametrize("text", ["", "https://[::1", "nonsense", "https://a:b", "https://simulated.invalid"])
def test_what_is_no_url_comes_back_as_it_is(text: str) -> None:
    assert environment_of(text) == text


# --- from the environment --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["", " ", "\t"])
@pytest.mark.parametrize("client", [bt.TransferClient, bt.AsyncTransferClient])
def test_an_empty_variable_is_refused(client: Any, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sets it means something by it: real money must not be the default for a slip in a script."""
    monkeypatch.setenv("BINANCE_API_KEY", keys.API_KEY)
    monkeypatch.setenv("BINANCE_API_SECRET", keys.SECRET)
    monkeypatch.setenv("BINANCE_BASE_URL", value)
    with pytest.raises(ValueError, match="BINANCE_BASE_URL is empty"):
        client.from_env()


@pytest.mark.parametrize(
    ("client", "options"), [(bt.TransferClient, ClientOptions), (bt.AsyncTransferClient, AsyncClientOptions)]
)
def test_the_options_of_from_env_are_the_constructor_s(client: Any, options: Any) -> None:
    parameters = set(inspect.signature(client).parameters) - {"credentials"}
    assert (parameters, options.__total__) == (set(options.__annotations__), False)


@pytest.mark.parametrize("client", [bt.TransferClient, bt.AsyncTransferClient])
def test_a_misspelt_option_of_from_env_is_refused(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BINANCE_API_KEY", keys.API_KEY)
    monkeypatch.setenv("BINANCE_API_SECRET", keys.SECRET)
    with pytest.raises(TypeError, match="timeout"):
        client.from_env(timeout=5)


# --- the version -----------------------------------------------------------------------------------------------------


def test_the_version_is_the_installed_one() -> None:
    from importlib.metadata import version

    assert bt.__version__ == version("binance-universal-transfer")


def test_importing_the_package_does_not_look_for_its_version() -> None:
    """Reading metadata takes longer than all else that is imported before it is needed."""
    program = "import importlib.metadata as m; m.version = m.distribution = None; import binance_transfer as bt; "
    done = subprocess.run(
        [sys.executable, "-c", program + "print(bt.__version__)"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == bt.__version__
