"""A broker in this process, for one machine without one: amqtt, MQTT 3.1.1, nothing kept across a restart."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from broker_bridge.topics import BrokerAddressError, parse_broker_address


class BrokerError(Exception):
    """The broker cannot be started or reached; one sentence for the person at the command line."""


def listen_address(url: str) -> tuple[str, int]:
    """Host and port the embedded broker listens on, from the address others connect to.

    Raises:
        BrokerError: it is not an address, or one that only a broker of your own can serve.
    """
    try:
        address = parse_broker_address(url)
    except BrokerAddressError as error:
        raise BrokerError(str(error)) from error
    if address.tls or address.user:
        raise BrokerError(
            "the embedded broker knows no TLS and no users; run Mosquitto for that, or use mqtt://host:port"
        )
    return address.host, address.port


@asynccontextmanager
async def embedded_broker(host: str, port: int) -> AsyncIterator[None]:
    """Run the broker for as long as the block lasts. Loopback only: it lets everybody in.

    Raises:
        BrokerError: the port is in use or not allowed, or the host is not this machine's loopback.
    """
    # Slow to load, and one process in the whole system needs it.
    import amqtt.broker  # noqa: PLC0415
    import amqtt.errors  # noqa: PLC0415

    _refuse_open_door(host)
    _refuse_busy_port(host, port)
    for name in ("amqtt", "transitions"):
        logging.getLogger(name).setLevel(logging.ERROR)
    broker = amqtt.broker.Broker(_config(host, port), asyncio.get_running_loop())
    try:
        await broker.start()
    except amqtt.errors.BrokerError as error:
        raise BrokerError(f"the broker cannot listen on {host}:{port} ({error.__cause__ or error})") from error
    try:
        yield
    finally:
        await broker.shutdown()


def _config(host: str, port: int) -> dict[str, Any]:
    return {
        "listeners": {"default": {"type": "tcp", "bind": f"{host}:{port}"}},
        "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
    }


def _refuse_open_door(host: str) -> None:
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if not loopback:
        raise BrokerError(
            f"the embedded broker lets everybody in, so it listens on 127.0.0.1 only, not on {host}; "
            "for workers on other machines run Mosquitto with users and set PLEASELOCK_MQTT_URL"
        )


def _refuse_busy_port(host: str, port: int) -> None:
    """Try the port first: amqtt would wrap the reason in three of its own errors and log a trace."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise BrokerError(
                f"port {port} on {host} cannot be used ({error.strerror}); stop what uses it or set PLEASELOCK_MQTT_URL"
            ) from error
