# Generated from spec/openapi.yaml and spec/error_codes.yaml by `python -m generator generate` (make generate).
# Do not edit: change the spec or generator/templates/ and generate again.
"""Which wallet pays and which receives. The order is the vendor's."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

TransferType = Literal[
    "MAIN_UMFUTURE",
    "MAIN_CMFUTURE",
    "MAIN_MARGIN",
    "UMFUTURE_MAIN",
    "UMFUTURE_MARGIN",
    "CMFUTURE_MAIN",
    "CMFUTURE_MARGIN",
    "MARGIN_MAIN",
    "MARGIN_UMFUTURE",
    "MARGIN_CMFUTURE",
    "ISOLATEDMARGIN_MARGIN",
    "MARGIN_ISOLATEDMARGIN",
    "ISOLATEDMARGIN_ISOLATEDMARGIN",
    "MAIN_FUNDING",
    "FUNDING_MAIN",
    "FUNDING_UMFUTURE",
    "UMFUTURE_FUNDING",
    "MARGIN_FUNDING",
    "FUNDING_MARGIN",
    "FUNDING_CMFUTURE",
    "CMFUTURE_FUNDING",
    "MAIN_OPTION",
    "OPTION_MAIN",
    "UMFUTURE_OPTION",
    "OPTION_UMFUTURE",
    "MARGIN_OPTION",
    "OPTION_MARGIN",
    "FUNDING_OPTION",
    "OPTION_FUNDING",
    "MAIN_PORTFOLIO_MARGIN",
    "PORTFOLIO_MARGIN_MAIN",
]

TransferTypeBetweenSharedWallets = Literal[
    "MAIN_UMFUTURE",
    "MAIN_CMFUTURE",
    "MAIN_MARGIN",
    "UMFUTURE_MAIN",
    "UMFUTURE_MARGIN",
    "CMFUTURE_MAIN",
    "CMFUTURE_MARGIN",
    "MARGIN_MAIN",
    "MARGIN_UMFUTURE",
    "MARGIN_CMFUTURE",
    "MAIN_FUNDING",
    "FUNDING_MAIN",
    "FUNDING_UMFUTURE",
    "UMFUTURE_FUNDING",
    "MARGIN_FUNDING",
    "FUNDING_MARGIN",
    "FUNDING_CMFUTURE",
    "CMFUTURE_FUNDING",
    "MAIN_OPTION",
    "OPTION_MAIN",
    "UMFUTURE_OPTION",
    "OPTION_UMFUTURE",
    "MARGIN_OPTION",
    "OPTION_MARGIN",
    "FUNDING_OPTION",
    "OPTION_FUNDING",
    "MAIN_PORTFOLIO_MARGIN",
    "PORTFOLIO_MARGIN_MAIN",
]
"""Those values whose two wallets are both kept once an account, not once a trading pair."""


class TransferTypeRow(NamedTuple):
    """One value of TransferType with the wallet that pays and the one that receives."""

    value: TransferType
    source: str
    target: str
    description: str


TRANSFER_TYPE_WALLETS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "spot": "Spot",
        "usdm_futures": "USDⓈ-M futures",
        "coinm_futures": "COIN-M futures",
        "cross_margin": "Cross margin",
        "isolated_margin": "Isolated margin",
        "funding": "Funding",
        "options": "Options",
        "portfolio_margin": "Portfolio margin",
    }
)
"""Name of a wallet → its title."""

TRANSFER_TYPE_ROWS: Final[tuple[TransferTypeRow, ...]] = (
    TransferTypeRow("MAIN_UMFUTURE", "spot", "usdm_futures", "Spot to USDⓈ-M futures"),
    TransferTypeRow("MAIN_CMFUTURE", "spot", "coinm_futures", "Spot to COIN-M futures"),
    TransferTypeRow("MAIN_MARGIN", "spot", "cross_margin", "Spot to cross margin"),
    TransferTypeRow("UMFUTURE_MAIN", "usdm_futures", "spot", "USDⓈ-M futures to spot"),
    TransferTypeRow("UMFUTURE_MARGIN", "usdm_futures", "cross_margin", "USDⓈ-M futures to cross margin"),
    TransferTypeRow("CMFUTURE_MAIN", "coinm_futures", "spot", "COIN-M futures to spot"),
    TransferTypeRow("CMFUTURE_MARGIN", "coinm_futures", "cross_margin", "COIN-M futures to cross margin"),
    TransferTypeRow("MARGIN_MAIN", "cross_margin", "spot", "Cross margin to spot"),
    TransferTypeRow("MARGIN_UMFUTURE", "cross_margin", "usdm_futures", "Cross margin to USDⓈ-M futures"),
    TransferTypeRow("MARGIN_CMFUTURE", "cross_margin", "coinm_futures", "Cross margin to COIN-M futures"),
    TransferTypeRow(
        "ISOLATEDMARGIN_MARGIN",
        "isolated_margin",
        "cross_margin",
        "The isolated margin wallet of one pair to cross margin",
    ),
    TransferTypeRow(
        "MARGIN_ISOLATEDMARGIN",
        "cross_margin",
        "isolated_margin",
        "Cross margin to the isolated margin wallet of one pair",
    ),
    TransferTypeRow(
        "ISOLATEDMARGIN_ISOLATEDMARGIN",
        "isolated_margin",
        "isolated_margin",
        "The isolated margin wallet of one pair to that of another",
    ),
    TransferTypeRow("MAIN_FUNDING", "spot", "funding", "Spot to funding"),
    TransferTypeRow("FUNDING_MAIN", "funding", "spot", "Funding to spot"),
    TransferTypeRow("FUNDING_UMFUTURE", "funding", "usdm_futures", "Funding to USDⓈ-M futures"),
    TransferTypeRow("UMFUTURE_FUNDING", "usdm_futures", "funding", "USDⓈ-M futures to funding"),
    TransferTypeRow("MARGIN_FUNDING", "cross_margin", "funding", "Cross margin to funding"),
    TransferTypeRow("FUNDING_MARGIN", "funding", "cross_margin", "Funding to cross margin"),
    TransferTypeRow("FUNDING_CMFUTURE", "funding", "coinm_futures", "Funding to COIN-M futures"),
    TransferTypeRow("CMFUTURE_FUNDING", "coinm_futures", "funding", "COIN-M futures to funding"),
    TransferTypeRow("MAIN_OPTION", "spot", "options", "Spot to options"),
    TransferTypeRow("OPTION_MAIN", "options", "spot", "Options to spot"),
    TransferTypeRow("UMFUTURE_OPTION", "usdm_futures", "options", "USDⓈ-M futures to options"),
    TransferTypeRow("OPTION_UMFUTURE", "options", "usdm_futures", "Options to USDⓈ-M futures"),
    TransferTypeRow("MARGIN_OPTION", "cross_margin", "options", "Cross margin to options"),
    TransferTypeRow("OPTION_MARGIN", "options", "cross_margin", "Options to cross margin"),
    TransferTypeRow("FUNDING_OPTION", "funding", "options", "Funding to options"),
    TransferTypeRow("OPTION_FUNDING", "options", "funding", "Options to funding"),
    TransferTypeRow("MAIN_PORTFOLIO_MARGIN", "spot", "portfolio_margin", "Spot to portfolio margin"),
    TransferTypeRow("PORTFOLIO_MARGIN_MAIN", "portfolio_margin", "spot", "Portfolio margin to spot"),
)
"""Every value, in the vendor's order."""
