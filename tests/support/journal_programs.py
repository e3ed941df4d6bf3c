"""Programs that open a journal: tests run them in processes of their own."""

FORK = """
import os, sys
import binance_transfer as bt

url, act = sys.argv[1:]
journal = bt.Journal(url, account="a")
journal.halt("before the fork")
child = os.fork()
if child == 0:
    try:
        done = getattr(journal, act)(*("in the child",) if act in {"halt", "get"} else ())
        list(done or ())
    except bt.JournalFailed as failed:
        os._exit(7 if "before a fork: open one in each process" in str(failed) else 8)
    os._exit(9)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(status, journal.transact(lambda transaction: transaction.account()).halted)
"""

OPEN = """
import sys
import binance_transfer as bt

bt.Journal
sys.stdin.readline()
with bt.Journal(sys.argv[1], account=sys.argv[2]) as journal:
    journal.halt(sys.argv[2])
"""
