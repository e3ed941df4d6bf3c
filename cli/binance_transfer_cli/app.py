"""
The command `binance-transfer`: global options, and where its commands are.

One rule: no option takes a secret: what stands in a command line is seen by others.
"""

import click

from binance_transfer import __version__
from binance_transfer.sealed import Sealed
from binance_transfer_cli.commands.journal import journal
from binance_transfer_cli.commands.looking import balances, history, preflight, types
from binance_transfer_cli.commands.running import run
from binance_transfer_cli.commands.sandbox import sandbox
from binance_transfer_cli.commands.sending import send
from binance_transfer_cli.commands.verdicts import audit, reconcile
from binance_transfer_cli.parameter_types import ProfileName
from binance_transfer_cli.screen import Screen
from binance_transfer_cli.settings import GlobalOptions
from binance_transfer_cli.state import State, example


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog=example(
        "binance-transfer sandbox",
        "binance-transfer send MAIN_UMFUTURE USDT 25.5",
        "binance-transfer --profile treasury run payroll.csv --batch 2026-11",
    ),
)
@click.option("--profile", type=ProfileName(), metavar="NAME", help="A profile of the configuration file.")
@click.option("--base-url", metavar="URL", help="The exchange.  [env: BINANCE_BASE_URL]")
@click.option(
    "--journal", metavar="URL", help="The journal, such as sqlite:///transfers.db.  [env: BINANCE_TRANSFER_JOURNAL]"
)
@click.option("--account", metavar="NAME", help="The account's name in it.  [env: BINANCE_TRANSFER_ACCOUNT]")
@click.option("--json", "as_json", is_flag=True, help="Write JSON for programs; lists as one object a line.")
@click.version_option(__version__, prog_name="binance-transfer")
@click.pass_context
def app(
    context: click.Context,
    profile: str | None,
    base_url: str | None,
    journal: str | None,
    account: str | None,
    *,
    as_json: bool,
) -> None:
    """
    Move assets between the wallets of one Binance user, and know whether they moved.

    An option beats the profile, and the profile beats the environment. Credentials come from the environment
    (BINANCE_API_KEY with BINANCE_API_SECRET or BINANCE_PRIVATE_KEY) or from the profile, never from an option.
    BINANCE_TRANSFER_CONFIG names the file of profiles, ~/.config/binance-transfer/config.toml without it.

    \b
    Exit codes:
      0  all moved, or all is well
      1  something did not move, or a check found a problem
      2  wrong use or input; nothing was sent
      3  an outcome is unknown: find out before you send again
    """  # noqa: D301  # click's mark of lines that are kept as they are
    sealed = Sealed(journal) if journal is not None else None
    context.obj = State(GlobalOptions(profile, base_url, sealed, account), Screen(as_json=as_json))


for command in (types, send, run, history, balances, preflight, reconcile, audit, journal, sandbox):
    app.add_command(command)
