from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.brokers import Broker, Server, embedded_process, mosquitto_process, server


@pytest.fixture(params=["embedded", pytest.param("mosquitto", marks=pytest.mark.service("mosquitto"))])
def broker(request: pytest.FixtureRequest, free_port: int, tmp_path: Path) -> Iterator[Broker]:
    """A running broker, of each kind we say works."""
    if request.param == "embedded":
        running = embedded_process(free_port)
    else:
        running = mosquitto_process(free_port, request.getfixturevalue("mosquitto_path"), tmp_path)
    running.start()
    yield running
    running.kill()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Server]:
    with server(tmp_path) as ready:
        yield ready
