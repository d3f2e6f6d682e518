"""What does a line of the service's log look like? One JSON object, to standard output."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

from webapi.service.settings import Settings

OWN_ATTRIBUTES = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "color_message", "taskName"}
# The pool's warnings quote libpq, which names hosts and users; what matters is logged by the service itself.
SILENCED = ("psycopg", "psycopg.pool")


class JsonLines(logging.Formatter):
    """`extra` becomes keys of the object."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._fixed = {"region": settings.region, "task": settings.task_id}

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **self._fixed,
        }
        line.update({key: value for key, value in vars(record).items() if key not in OWN_ATTRIBUTES})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def write_json_lines(settings: Settings) -> None:
    """Let everything that the process logs be such lines, from level INFO on."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines(settings))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in SILENCED:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    logging.getLogger("botocore").setLevel(logging.WARNING)
