"""docs/events.md: its table is what the classes are, and its recipe runs."""

import re
from pathlib import Path
from typing import Any

import pytest
from attrs import fields

import binance_transfer as bt

PAGE = (Path(__file__).parents[2] / "docs" / "events.md").read_text(encoding="utf-8")
KINDS: list[Any] = [bt.AttemptEvent, bt.AnswerEvent, bt.VerdictEvent, bt.WaitEvent, bt.AlarmEvent]


@pytest.mark.parametrize("kind", KINDS)
def test_each_class_has_its_row(kind: Any) -> None:
    shared = {field.name for field in fields(bt.Event)}
    own = ", ".join(f"`{field.name}`" for field in fields(kind) if field.name not in shared)
    assert re.search(rf"^\| `{kind.__name__}` \| `{kind.name}` \| .* \| {re.escape(own)} \|$", PAGE, re.MULTILINE)


@pytest.mark.usefixtures("cli")  # for its environment
def test_the_recipe_counts(capsys: pytest.CaptureFixture[str]) -> None:
    [recipe] = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {"__name__": "recipe"}
    exec(compile(recipe, "docs/events.md", "exec"), names)
    names["client"].close()
    told = dict(line.rsplit(" ", 1) for line in capsys.readouterr().out.split("\n") if line)
    assert told == {
        'binance_transfer_answers_total{outcome="Receipt"}': "1",
        "binance_transfer_attempts_total": "1",
        "binance_transfer_used_uid_weight_1m": "300",
        'binance_transfer_verdicts_total{state="moved",verdict="accepted"}': "1",
    }
