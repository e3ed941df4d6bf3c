"""
The journal's tables, version 3. What the older program of version 1 wrote to had other names.

One rule: nothing is deleted. Attempts, answers and verdicts stay; an amount is text, so that it stays exact.
"""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, ForeignKeyConstraint, Index, Integer, MetaData, Table, Text

from binance_transfer.transfer import Transfer

metadata: Final = MetaData()

schema_version: Final = Table("binance_transfer_schema", metadata, Column("version", Integer, primary_key=True))

# One row. The id is another one in each journal, and in each copy that `backup` makes: rules.md, rule 13.
identity: Final = Table(
    "binance_transfer_v2_identity",
    metadata,
    Column("id", Text, primary_key=True),
    Column("backup", Text, nullable=False),
)

accounts: Final = Table(
    "binance_transfer_v2_accounts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("environment", Text),
    Column("uid", BigInteger),
    Column("halted", Text, nullable=False),
    Column("backup", Text, nullable=False),
    Column("adopted", Text, nullable=False),
    Column("silent_until_ms", BigInteger, nullable=False),
    Column("minute", BigInteger, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("answered", BigInteger, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("used", BigInteger, nullable=False),
    Column("weight", BigInteger, nullable=False),
    # How often a transaction has changed something of the account.
    Column("revision", BigInteger, nullable=False),
    # One journal for one uid, whoever is quicker: rules.bind.
    Index("binance_transfer_v2_uids", "environment", "uid", unique=True),
)

api_keys: Final = Table(
    "binance_transfer_v2_api_keys",
    metadata,
    Column("account", Text, primary_key=True),
    Column("environment", Text, primary_key=True),
    Column("fingerprint", Text, primary_key=True),
)

keys: Final = Table(
    "binance_transfer_v2_keys",
    metadata,
    Column("account", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("asset", Text, nullable=False),
    Column("amount", Text, nullable=False),
    Column("from_symbol", Text),
    Column("to_symbol", Text),
    Column("checked", Boolean, nullable=False),
)

attempts: Final = Table(
    "binance_transfer_v2_attempts",
    metadata,
    Column("account", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("timestamp_ms", BigInteger, nullable=False),
    Column("recv_window_ms", BigInteger, nullable=False),
    Column("window_start_ms", BigInteger, nullable=False),
    Column("window_end_ms", BigInteger, nullable=False),
    Column("opening", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("tran_id", BigInteger),
    # What questions under the lock are asked by: the same for all spellings of an asset, for all that history cannot
    # tell apart (alike), and for all that one query of history shows (query).
    Column("asset", Text, nullable=False),
    Column("alike", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("answered", Boolean, nullable=False),
    ForeignKeyConstraint(["account", "key"], [keys.c.account, keys.c.key]),
    # The database itself refuses one id on two attempts, and a second attempt with the same number under a key.
    Index("binance_transfer_v2_ids", "account", "tran_id", unique=True),
    Index("binance_transfer_v2_numbers", "account", "key", "number", unique=True),
    Index("binance_transfer_v2_states", "account", "state", "opened_ms"),
    Index("binance_transfer_v2_alike", "account", "state", "alike"),
    Index("binance_transfer_v2_windows", "account", "asset", "window_end_ms"),
    Index("binance_transfer_v2_canaries", "account", "query", "answered", "timestamp_ms"),
    Index("binance_transfer_v2_order", "account", "opened_ms", "id"),
)

answers: Final = Table(
    "binance_transfer_v2_answers",
    metadata,
    Column("account", Text, primary_key=True),
    Column("attempt", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("http_status", Integer),
    Column("code", BigInteger),
    Column("msg", Text, nullable=False),
    Column("tran_id", BigInteger),
    ForeignKeyConstraint(["account", "attempt"], [attempts.c.account, attempts.c.id]),
    Index("binance_transfer_v2_answered_ids", "account", "tran_id"),
)

verdicts: Final = Table(
    "binance_transfer_v2_verdicts",
    metadata,
    Column("account", Text, primary_key=True),
    Column("attempt", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("tran_id", BigInteger),
    Column("note", Text, nullable=False),
    ForeignKeyConstraint(["account", "attempt"], [attempts.c.account, attempts.c.id]),
    Index("binance_transfer_v2_named_ids", "account", "tran_id"),
)


def query_mark(transfer: Transfer) -> str:
    """Return what is the same for all checked transfers that one query of history shows."""
    parts = (
        transfer.type,
        transfer.from_symbol or "",
        transfer.to_symbol or "",
        "" if transfer.checked else "unchecked",
    )
    return " ".join(parts)
