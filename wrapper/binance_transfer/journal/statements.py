"""
What is asked of the tables, as statements of SQL.

One rule: each is about one account, and is built once: that takes longer than running it.
"""

from typing import Any, Final

from sqlalchemy import BindParameter, Text, and_, bindparam, exists, or_, select, union, update

from binance_transfer.journal.tables import accounts, answers, api_keys, attempts, identity, keys, verdicts

ACCOUNT: Final = bindparam("my_account", type_=Text)
ID: Final = bindparam("attempt_id", type_=Text)
KEY: Final = bindparam("its_key", type_=Text)
IDS: Final[BindParameter[Any]] = bindparam("ids", expanding=True)
OF_KEY: Final = and_(keys.c.account == attempts.c.account, keys.c.key == attempts.c.key)

READ_ACCOUNT: Final = select(accounts).where(accounts.c.name == ACCOUNT)
IDENTITY: Final = select(identity.c.id)
LOCK: Final = READ_ACCOUNT.with_for_update()
NAME_OF: Final = select(accounts.c.name).where(
    accounts.c.environment == bindparam("environment"), accounts.c.uid == bindparam("uid")
)
PUT_ACCOUNT: Final = update(accounts).where(accounts.c.name == ACCOUNT)
KNOWS_API_KEY: Final = select(api_keys.c.account).where(
    api_keys.c.account == ACCOUNT,
    api_keys.c.environment == bindparam("environment"),
    api_keys.c.fingerprint == bindparam("fingerprint"),
)

ATTEMPTS: Final = (
    select(attempts, keys.c.type, keys.c.asset, keys.c.amount, keys.c.from_symbol, keys.c.to_symbol, keys.c.checked)
    .join(keys, OF_KEY)
    .where(attempts.c.account == ACCOUNT)
)
ATTEMPTS_OF_KEY: Final = ATTEMPTS.where(attempts.c.key == KEY).order_by(attempts.c.number)
OWN: Final = attempts.alias("own")
ATTEMPTS_OF_ITS_KEY: Final = ATTEMPTS.where(
    attempts.c.key == select(OWN.c.key).where(OWN.c.account == ACCOUNT, OWN.c.id == ID).scalar_subquery()
).order_by(attempts.c.number)
ATTEMPTS_OF_KEYS: Final = ATTEMPTS.where(attempts.c.key.in_(IDS)).order_by(attempts.c.number)
ATTEMPTS_BY_ID: Final = ATTEMPTS.where(attempts.c.id.in_(IDS))  # unsorted: SQLite would read all in their order
OPEN_ATTEMPTS: Final = ATTEMPTS.where(attempts.c.state == "open").order_by(attempts.c.opened_ms)
OPEN_ALIKE: Final = ATTEMPTS.where(attempts.c.state == "open", attempts.c.alike == bindparam("mark"))
HOLDS: Final = select(attempts.c.id).where(attempts.c.account == ACCOUNT, attempts.c.id == ID)
MOVED_BETWEEN: Final = (
    select(keys.c.amount)
    .join(attempts, OF_KEY)
    .where(attempts.c.account == ACCOUNT, attempts.c.asset == bindparam("its_asset"))
    .where(attempts.c.window_end_ms >= bindparam("start_ms"), attempts.c.window_start_ms <= bindparam("end_ms"))
    .where(attempts.c.state != "not_moved")
)
OTHER: Final = attempts.alias("other")
REPEATED: Final = (
    select(attempts.c.key)
    .distinct()
    .where(attempts.c.account == ACCOUNT, attempts.c.state == "moved", attempts.c.opened_ms >= bindparam("since_ms"))
    .where(
        exists().where(
            OTHER.c.account == attempts.c.account,
            OTHER.c.key == attempts.c.key,
            OTHER.c.id != attempts.c.id,
            OTHER.c.state == "moved",
        )
    )
)
CANARY: Final = (
    ATTEMPTS.where(attempts.c.query == bindparam("its_query"), attempts.c.answered.is_(True))
    .where(attempts.c.timestamp_ms >= bindparam("since_ms"), attempts.c.id != ID)
    .order_by(attempts.c.timestamp_ms.desc())
    .limit(1)
)
OWNERS: Final = select(attempts.c.tran_id, attempts.c.id).where(
    attempts.c.account == ACCOUNT, attempts.c.tran_id.in_(IDS)
)
ONCE_NAMED: Final = union(
    *(
        select(table.c.tran_id).where(table.c.account == ACCOUNT, table.c.tran_id.in_(IDS), table.c.attempt != ID)
        for table in (verdicts, answers)
    )
)
IN_ORDER: Final = (
    select(attempts.c.opened_ms, attempts.c.id, attempts.c.key, attempts.c.number)
    .where(
        attempts.c.account == ACCOUNT,
        attempts.c.opened_ms >= bindparam("after_ms"),
        or_(attempts.c.opened_ms > bindparam("after_ms"), attempts.c.id > bindparam("after_id")),
    )
    .order_by(attempts.c.opened_ms, attempts.c.id)
    .limit(bindparam("how_many"))
)
NAMES: Final = select(accounts.c.name).order_by(accounts.c.name)
PUT_ATTEMPT: Final = update(attempts).where(attempts.c.account == ACCOUNT, attempts.c.id == ID)
ANSWERS_OF: Final = (
    select(answers).where(answers.c.account == ACCOUNT, answers.c.attempt.in_(IDS)).order_by(answers.c.number)
)
VERDICTS_OF: Final = (
    select(verdicts).where(verdicts.c.account == ACCOUNT, verdicts.c.attempt.in_(IDS)).order_by(verdicts.c.number)
)
