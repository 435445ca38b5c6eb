from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from broker_bridge.ingest import Arrival, Receipt
from broker_bridge.messages import alert_id_of, topic_of
from broker_bridge.transactions import Taker
from tests.brokers import AT, Server, alert, wait_for


def arrivals(*numbers: int, **changed: object) -> list[Arrival]:
    messages = [alert(number, **changed) for number in numbers]
    return [Arrival(topic_of(one), one.model_dump_json().encode(), AT) for one in messages]


def taker(host: Server, stop: threading.Event | None = None) -> Taker:
    return Taker(host.sessions, host.media, stop or threading.Event())


def ids(*numbers: int) -> list[str]:
    return sorted(alert_id_of(f"stay-{number}") for number in numbers)


def test_a_batch_is_stored_and_every_arrival_has_its_receipt(host: Server) -> None:
    receipts = taker(host).take_in(arrivals(1, 2, 3))
    assert len({receipt.message_id for receipt in receipts}) == 3
    assert host.alert_ids() == ids(1, 2, 3)


class Stumbling(Taker):
    """Meets a fault of our own, or of the database, at one message."""

    fault: Callable[[Session], object]

    def _handle(self, session: Session, arrival: Arrival) -> Receipt:
        if b"stay-2" in arrival.payload:
            self.fault(session)
        return super()._handle(session, arrival)


def stumbling(host: Server, fault: Callable[[Session], object], stop: threading.Event | None = None) -> Stumbling:
    made = Stumbling(host.sessions, host.media, stop or threading.Event())
    made.fault = fault
    return made


def test_one_message_that_breaks_us_is_put_aside_and_the_others_are_stored(host: Server) -> None:
    def overflow(_session: Session) -> None:
        raise OverflowError("a number too large for the database")

    receipts = stumbling(host, overflow).take_in(arrivals(1, 2, 3))
    assert host.alert_ids() == ids(1, 3)
    assert host.reasons() == ["it could not be stored: a number too large for the database"]
    assert all(receipt.message_id for receipt in receipts), "what is put aside is acknowledged too"


def test_a_number_the_database_cannot_hold_does_not_stop_the_bridge(host: Server) -> None:
    taker(host).take_in([*arrivals(1, seq=2**70), *arrivals(2)])
    assert host.alert_ids() == ids(2)
    assert len(host.reasons()) == 1


def test_a_row_that_another_bridge_wrote_first_is_found_on_the_second_try(host: Server) -> None:
    tries = []

    def lose_the_race_once(session: Session) -> None:
        tries.append(1)
        if len(tries) <= 2:  # in the batch, and the first time alone
            session.execute(text("INSERT INTO sites (code, name_zh, name_en, timezone) VALUES ('x', 'x', 'x', 'x')"))
            session.execute(text("INSERT INTO sites (code, name_zh, name_en, timezone) VALUES ('x', 'x', 'x', 'x')"))

    stumbling(host, lose_the_race_once).take_in(arrivals(1, 2, 3))
    assert host.alert_ids() == ids(1, 2, 3)
    assert host.reasons() == []


def test_an_outage_is_waited_out_and_nothing_is_stored_twice(host: Server) -> None:
    tries = []

    def fail_twice(_session: Session) -> None:
        tries.append(1)
        if len(tries) <= 2:
            raise OSError("the media folder is full")

    assert len(stumbling(host, fail_twice).take_in(arrivals(1, 2))) == 2
    assert host.alert_ids() == ids(1, 2)
    assert host.received() == 2


def test_stopping_during_an_outage_gives_no_receipts(host: Server, tmp_path: Path) -> None:
    stop = threading.Event()
    tries = []

    def fail(_session: Session) -> None:
        tries.append(1)
        raise OSError("the media folder is full")

    given: list[list[Receipt]] = []
    thread = threading.Thread(target=lambda: given.append(stumbling(host, fail, stop).take_in(arrivals(1, 2))))
    thread.start()
    wait_for(lambda: len(tries) > 1)
    stop.set()
    thread.join()
    assert given == [[]]
    assert host.alert_ids() == []
