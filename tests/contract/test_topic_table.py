from __future__ import annotations

import re
from pathlib import Path

from broker_bridge.topics import TOPICS

ROW = re.compile(
    r"^\| `(?P<pattern>[^`]+)` \| (?P<direction>up|down) \| (?P<qos>[01]) \| (?P<rest>.*) \|$", re.MULTILINE
)


def test_the_table_in_prose_says_what_the_table_in_code_does(project_root: Path) -> None:
    prose = (project_root / "broker_bridge" / "README.md").read_text(encoding="utf-8")
    written = []
    for row in ROW.finditer(prose):
        retained, durable, payload = (cell.strip() for cell in row["rest"].split(" | ", 2))
        assert payload
        written.append((row["pattern"], row["direction"], int(row["qos"]), retained == "yes", durable == "yes"))
    assert written == [(rule.pattern, rule.direction, rule.qos, rule.retained, rule.durable) for rule in TOPICS]


def test_only_what_must_arrive_is_durable_and_then_never_retained() -> None:
    assert all(rule.qos == 1 and not rule.retained for rule in TOPICS if rule.durable)


def test_every_file_of_the_border_is_explained(project_root: Path) -> None:
    folder = project_root / "broker_bridge"
    prose = (folder / "README.md").read_text(encoding="utf-8")
    files = {file.name for file in folder.glob("*.py")} - {"__init__.py"}
    assert {name for name in files if f"`{name}`" not in prose} == set()
