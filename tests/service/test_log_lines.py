"""Is each line of the log one JSON object that says who wrote it?"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator

import pytest

from webapi.service.log_lines import SILENCED, JsonLines, write_json_lines
from webapi.service.settings import Settings

SETTINGS = Settings("us-west-2", "/p", "task-1")


@pytest.fixture
def untouched_logging() -> Iterator[None]:
    """What the process had set up for its log is there again after the test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in (*SILENCED, "botocore")}
    root.handlers = []
    yield
    root.handlers = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def test_what_is_known_of_an_event_becomes_keys_of_its_line(
    untouched_logging: None, capsys: pytest.CaptureFixture[str]
) -> None:
    write_json_lines(SETTINGS)
    logging.getLogger("webapi.test").info("leading since %s", "now", extra={"epoch": 3})
    line = json.loads(capsys.readouterr().out)
    assert line.pop("at").endswith("+00:00")
    assert line == {
        "level": "info",
        "logger": "webapi.test",
        "message": "leading since now",
        "region": "us-west-2",
        "task": "task-1",
        "epoch": 3,
    }


@pytest.mark.parametrize("name", SILENCED)
def test_the_driver_whose_warnings_name_hosts_and_users_is_silent(
    untouched_logging: None, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    write_json_lines(SETTINGS)
    logging.getLogger(name).warning('connection to server at "10.0.0.1", port 5432 failed')
    assert capsys.readouterr().out == ""


def test_an_exception_and_a_line_break_stay_on_one_line() -> None:
    try:
        raise ValueError("one\ntwo")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "a\nb", (), sys.exc_info())
    text = JsonLines(SETTINGS).format(record)
    assert "\n" not in text
    assert "ValueError: one\ntwo" in json.loads(text)["exception"]
