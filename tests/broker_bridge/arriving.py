"""Messages as the bridge takes them in."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select

from broker_bridge.ingest import Arrival, Receipt, handle_message
from broker_bridge.messages import UpMessage, topic_of
from tests.brokers import AT, Server


def arrive(host: Server, topic: str, payload: bytes) -> Receipt:
    with host.sessions.begin() as session:
        return handle_message(session, host.media, Arrival(topic, payload, AT))


def say(host: Server, message: UpMessage) -> Receipt:
    return arrive(host, topic_of(message), message.model_dump_json().encode())


def changed(message: UpMessage, **fields: object) -> bytes:
    raw = json.loads(message.model_dump_json())
    return json.dumps({name: value for name, value in (raw | fields).items() if value != "gone"}).encode()


def only(host: Server, table: type[Any]) -> Any:  # noqa: ANN401 -- a row of whatever table
    with host.sessions() as session:
        return session.scalars(select(table)).one()
