"""A database's password is a secret: it is in no error, no log record and no variable of a traceback."""

import logging
import traceback
from collections.abc import Mapping
from pathlib import Path

import pytest

import binance_transfer as bt
from tests.support.loopback import closed_port
from tests.support.tracebacks import WAYS_TO_SHOW, inside

PASSWORD = "hunter2"

# Where people put a password, rightly or not → the URL up to the database. {at} is a port where nobody listens.
URLS: Mapping[str, str] = {
    "authority": "postgresql+psycopg://treasury:hunter2@{at}/books",
    "authority-without-driver": "postgresql://treasury:hunter2@{at}/books",
    "query": "postgresql://treasury@{at}/books?password=hunter2",
    "query-sslpassword": "postgresql://treasury@{at}/books?sslpassword=hunter2",
    "query-passfile-and-password": "postgresql://treasury@{at}/books?passfile=/none&password=hunter2",
    "query-misspelt": "postgresql://treasury@{at}/books?pasword=hunter2",
    "query-twice": "postgresql://treasury@{at}/books?password=hunter2&password=hunter2",
    "query-scram-key": "postgresql://treasury@{at}/books?scram_client_key=hunter2",
    "query-oauth": "postgresql://treasury@{at}/books?oauth_client_secret=hunter2",
    "query-in-options": "postgresql://treasury@{at}/books?options=-c%20app.secret%3Dhunter2",
    "port": "postgresql://treasury:{at}:hunter2/books",
    "no-at": "postgresql://treasury:hunter2/books",
    "unescaped-at": "postgresql://treasury:pa@hunter2@{at}/books",
    "unescaped-slash": "postgresql://treasury:hunter2/x@{at}/books",
    "unescaped-question-mark": "postgresql://treasury:hunter2?x@{at}/books",
    "unescaped-hash": "postgresql://treasury:hunter2#x@{at}/books",
    "other-driver": "postgresql+asyncpg://treasury:hunter2@{at}/books",
    "other-database": "mysql://treasury:hunter2@{at}/books",
    "no-scheme": "treasury:hunter2@{at}/books",
    "sqlite": "sqlite://treasury:hunter2@{at}/books.db",
    "sqlite-query": "sqlite:///{folder}/books.db?password=hunter2",
    "nonsense": "hunter2",
}


def failure(name: str, folder: Path, account: str = "treasury") -> Exception:
    with closed_port() as address:
        url = URLS[name].format(at=address.partition("://")[2], folder=folder)
        with pytest.raises((ValueError, bt.JournalFailed)) as failed:
            bt.Journal(url, account=account)
    return failed.value


@pytest.mark.parametrize("name", URLS)
def test_an_error_shows_no_password(name: str, tmp_path: Path) -> None:
    error = failure(name, tmp_path)
    assert PASSWORD not in "".join(traceback.format_exception(error)) + repr(error) + repr(error.args)


@pytest.mark.parametrize("name", URLS)
def test_an_error_has_no_cause_that_could_show_it(name: str, tmp_path: Path) -> None:
    error = failure(name, tmp_path)
    assert (error.__cause__, error.__context__) == (None, None)


@pytest.mark.parametrize("way", WAYS_TO_SHOW)
@pytest.mark.parametrize("name", URLS)
def test_no_variable_of_a_traceback_shows_it(name: str, way: str, tmp_path: Path) -> None:
    error = failure(name, tmp_path)
    assert PASSWORD not in WAYS_TO_SHOW[way](error, inside(error))


@pytest.mark.parametrize("name", ["authority", "query"])
def test_nor_where_the_account_is_refused(name: str, tmp_path: Path) -> None:
    error = failure(name, tmp_path, account="")
    assert [way for way, show in WAYS_TO_SHOW.items() if PASSWORD in show(error, inside(error))] == []


@pytest.mark.parametrize("name", URLS)
def test_nobody_logs_it(name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for logger in ("sqlalchemy.engine", "sqlalchemy.pool", "psycopg", "binance_transfer"):
        caplog.set_level(logging.DEBUG, logger=logger)
    failure(name, tmp_path)
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize("name", ["authority", "query"])
def test_an_error_still_says_where_the_database_was_expected(name: str, tmp_path: Path) -> None:
    assert "books" in str(failure(name, tmp_path))


def test_a_password_with_an_at_sign_is_told_how_to_be_written(tmp_path: Path) -> None:
    assert "%40" in str(failure("unescaped-at", tmp_path))
