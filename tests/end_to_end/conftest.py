from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.brokers import Broker, Server, embedded_process, mosquitto_process, server

KINDS = ["embedded", pytest.param("mosquitto", marks=pytest.mark.service("mosquitto"))]


def _start(request: pytest.FixtureRequest, folder: Path) -> Iterator[Broker]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
    if request.param == "embedded":
        running = embedded_process(port)
    else:
        running = mosquitto_process(port, request.getfixturevalue("mosquitto_path"), folder)
    running.start()
    yield running
    running.kill()


@pytest.fixture(scope="module", params=KINDS)
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A running broker, of each kind we say works, shared by the tests of a file; retained states stay in it."""
    yield from _start(request, tmp_path_factory.mktemp("broker"))


@pytest.fixture(params=KINDS)
def mortal_broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    """A broker of its own, for a test that kills it."""
    yield from _start(request, tmp_path)


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ends look for a lost broker ten times as often as in the field; how often is a number, not a behaviour."""
    for module in ("detector.broker_connection", "broker_bridge.client"):
        monkeypatch.setattr(f"{module}.FIRST_WAIT_S", (0.1, 0.2))
        monkeypatch.setattr(f"{module}.LONGEST_WAIT_S", (0.3, 0.6))


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Server]:
    with server(tmp_path) as ready:
        yield ready
