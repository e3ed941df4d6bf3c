"""The rules of the journal, with PostgreSQL below: the same tests as on SQLite."""

import pytest

from tests.journal.test_journal_keys import *  # noqa: F403
from tests.journal.test_journal_limits import *  # noqa: F403
from tests.journal.test_query_plans import *  # noqa: F403
from tests.journal.test_rules import *  # noqa: F403
from tests.processes.conftest import PostgreSQL
from tests.support.journals import clock, connect, database, journal, open_journal, sandbox, wire, worker  # noqa: F401


@pytest.fixture
def url(postgresql: PostgreSQL) -> str:
    return postgresql.new_url()


@pytest.fixture
def client(worker: object) -> object:  # noqa: F811  # one kind is enough here
    return worker
