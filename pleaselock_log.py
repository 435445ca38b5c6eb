"""How every process of ours logs: one line an event on stderr, for stdout belongs to what a command answers."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.types import Processor


def log_plainly() -> None:
    """In words on a terminal, else as JSON."""
    first: list[Processor] = [structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True)]
    structlog.configure(
        processors=[*first, _for_whoever_reads],
        # Looked up at each event: whoever replaces stderr meanwhile is heeded.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
    # What libraries say through Python's own logging must not be the one line that no machine can read.
    ours = structlog.stdlib.ProcessorFormatter
    handler = _Stderr()
    handler.setFormatter(ours(foreign_pre_chain=first, processors=[ours.remove_processors_meta, _for_whoever_reads]))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


class _Stderr(logging.Handler):
    """Where stderr is at each event, as above."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stderr)  # noqa: T201 -- this is the log


def _for_whoever_reads(logger: object, method: str, event: MutableMapping[str, Any]) -> str:
    if sys.stderr.isatty():
        return str(structlog.dev.ConsoleRenderer()(logger, method, event))
    told = dict(structlog.processors.format_exc_info(logger, method, event))
    first = {key: told[key] for key in ("timestamp", "level", "event") if key in told}
    return json.dumps(first | told, ensure_ascii=False, default=str)
