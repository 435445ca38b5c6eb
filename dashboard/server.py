"""The server as a process: a socket first, so that a port in use is said before anything else is started."""

from __future__ import annotations

import socket

import uvicorn

from dashboard.app import create_app
from dashboard.settings import Settings
from dashboard.web.live import Live

STOP_WITHIN_S = 3


class CannotServeError(OSError):
    """The pages cannot be served; the message says what, where and what to do."""


def listen(settings: Settings) -> socket.socket:
    """A bound socket.

    Raises:
        CannotServeError: the port is in use or not allowed, or the home folder cannot be made.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotServeError(
            f"cannot write to {settings.home} ({error.strerror}); set PLEASELOCK_HOME to another folder"
        ) from error
    try:
        listener.bind((settings.host, settings.port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise CannotServeError(
            f"cannot listen on {settings.host}:{settings.port} ({error.strerror}); stop what uses it or give another --port"
        ) from error
    return listener


class Server(uvicorn.Server):
    """Ends the open event streams first: a server that waits for its connections would wait for ever."""

    def __init__(self, config: uvicorn.Config, live: Live) -> None:
        super().__init__(config)
        self._live = live

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._live.close()
        await super().shutdown(sockets)


def server_of(settings: Settings) -> Server:
    app = create_app(settings)
    config = uvicorn.Config(
        app, log_config=None, log_level="warning", timeout_graceful_shutdown=STOP_WITHIN_S, server_header=False
    )
    return Server(config, app.state.live)
