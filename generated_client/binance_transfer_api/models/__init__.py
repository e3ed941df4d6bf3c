# Generated from spec/openapi.yaml and spec/error_codes.yaml by `python -m generator generate` (make generate).
# Do not edit: change the spec or generator/templates/ and generate again.
"""The values that operations take and answer with."""

from .account import Account as Account
from .api_error import ApiError as ApiError
from .api_restrictions import ApiRestrictions as ApiRestrictions
from .asset_balance import AssetBalance as AssetBalance
from .server_time import ServerTime as ServerTime
from .system_status import SystemStatus as SystemStatus
from .transfer_accepted import TransferAccepted as TransferAccepted
from .transfer_history import TransferHistory as TransferHistory
from .transfer_history_row import TransferHistoryRow as TransferHistoryRow
from .transfer_type import (
    TRANSFER_TYPE_ROWS as TRANSFER_TYPE_ROWS,
    TRANSFER_TYPE_WALLETS as TRANSFER_TYPE_WALLETS,
    TransferType as TransferType,
    TransferTypeBetweenSharedWallets as TransferTypeBetweenSharedWallets,
    TransferTypeRow as TransferTypeRow,
)
from .wallet_balance import WalletBalance as WalletBalance
