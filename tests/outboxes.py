"""What an outbox holds, seen from outside."""

from __future__ import annotations

from detector.outbox import Letter, Outbox

ALL = "SELECT message_id, topic, payload, lane, urgent FROM outbox ORDER BY position"


def letters_in(outbox: Outbox) -> list[Letter]:
    """Every letter, in the order in which they were put."""
    with outbox._lock:
        rows = outbox._connection.execute(ALL).fetchall()
    return [Letter(row[0], row[1], row[2], row[3], urgent=bool(row[4])) for row in rows]
