from __future__ import annotations

import asyncio
import socket

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from broker_bridge.embedded import BrokerError, embedded_broker, listen_address
from broker_bridge.topics import BrokerAddress, BrokerAddressError, parse_broker_address


def exchange(port: int) -> bytes:
    """Subscribe, publish, and give what came back."""
    got: list[bytes] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _client, _data, message: got.append(bytes(message.payload))
    client.on_subscribe = lambda client, *_more: client.publish("a/topic", b"hello", 1)
    client.connect("127.0.0.1", port)
    client.subscribe("a/topic", 1)
    while not got:
        client.loop(0.1)
    client.disconnect()
    return got[0]


def test_what_is_published_comes_back_and_the_port_is_free_afterwards(free_port: int) -> None:
    async def run() -> bytes:
        async with embedded_broker("127.0.0.1", free_port):
            return await asyncio.to_thread(exchange, free_port)

    assert asyncio.run(run()) == b"hello"
    assert asyncio.run(run()) == b"hello"


def start(host: str, port: int) -> None:
    async def run() -> None:
        async with embedded_broker(host, port):
            pass

    asyncio.run(run())


def test_a_port_in_use_is_one_sentence_that_names_it(free_port: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", free_port))
        other.listen()
        with pytest.raises(BrokerError, match=f"port {free_port} on 127.0.0.1 cannot be used .*in use.*; stop what"):
            start("127.0.0.1", free_port)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "broker.example"])
def test_a_broker_that_lets_everybody_in_is_refused_to_the_network(host: str, free_port: int) -> None:
    with pytest.raises(BrokerError, match="lets everybody in"):
        start(host, free_port)


ADDRESSES = {
    "mqtt://127.0.0.1:1884": BrokerAddress("127.0.0.1", 1884, tls=False),
    "mqtt://broker": BrokerAddress("broker", 1883, tls=False),
    "mqtts://broker/": BrokerAddress("broker", 8883, tls=True),
    "mqtts://edge:p%40ss%2Fword@broker:99": BrokerAddress("broker", 99, tls=True, user="edge", password="p@ss/word"),
    "mqtt://[::1]:1883": BrokerAddress("::1", 1883, tls=False),
}


@pytest.mark.parametrize("url", ADDRESSES)
def test_a_brokers_address_is_taken_apart(url: str) -> None:
    assert parse_broker_address(url) == ADDRESSES[url]


@pytest.mark.parametrize(
    "url", ["", "broker:1883", "http://broker", "mqtt://", "mqtt://broker:0", "mqtt://broker:99999", "mqtt://b/topic"]
)
def test_what_is_no_address_is_refused_with_how_to_write_one(url: str) -> None:
    with pytest.raises(BrokerAddressError, match="mqtt://host:port"):
        parse_broker_address(url)
    with pytest.raises(BrokerError, match="mqtt://host:port"):
        listen_address(url)


def test_a_wrong_address_does_not_give_its_password_away() -> None:
    with pytest.raises(BrokerAddressError) as caught:
        parse_broker_address("amqp://edge:secret@broker")
    assert "secret" not in str(caught.value)


def test_the_embedded_broker_says_when_only_a_real_one_will_do() -> None:
    assert listen_address("mqtt://127.0.0.1:1999") == ("127.0.0.1", 1999)
    with pytest.raises(BrokerError, match="run Mosquitto"):
        listen_address("mqtts://127.0.0.1:8883")
