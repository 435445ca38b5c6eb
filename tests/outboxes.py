"""What an outbox holds, seen from outside."""

from __future__ import annotations

from detector.outbox import Letter, Outbox

ALL = "SELECT message_id, topic, payload, lane, urgent FROM outbox ORDER BY position"


def letters_in(outbox: Outbox) -> list[Letter]:
    """Every letter, in the order in which they were put."""
    with outbox._lock:
        return [Letter(*row[:4], urgent=bool(row[4])) for row in outbox._connection.execute(ALL).fetchall()]
