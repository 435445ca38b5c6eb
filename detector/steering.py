"""Changes a running worker: by SIGHUP or by a command over the broker. What is refused is said and changes nothing."""

from __future__ import annotations

import queue
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import structlog
from pydantic import ValidationError

from broker_bridge.messages import Command
from detector.camera_watch import CameraWatch
from detector.config import ConfigError, SiteConfig
from detector.errors import UsageError
from detector.orders import Mute, Orders

CHANGEABLE = frozenset({"announce", "cameras", "home_assistant"})
log = structlog.get_logger()

Order = Command | Literal["reload"]
Inbox = queue.SimpleQueue[Order]
"""Filled by signals and by the broker's thread."""


@dataclass(frozen=True, slots=True)
class Helm:
    """What steering moves. `apply` raises UsageError where a camera cannot be watched; all is as before then."""

    reread: Callable[[], SiteConfig]
    orders: Orders
    apply: Callable[[SiteConfig], None]
    watches: Callable[[], Sequence[CameraWatch]]


class Steering:
    """Of one worker; call from one thread only."""

    def __init__(self, written: SiteConfig, helm: Helm) -> None:
        """`written` is the configuration as the file has it."""
        self._written, self._helm = written, helm

    def act(self, order: Order) -> None:
        what = order if isinstance(order, str) else order.action
        try:
            self._act(order)
        except UsageError as error:
            log.error("refused; all goes on as before", order=what, reason=str(error))  # noqa: TRY400 -- the reason says all
        except Exception:  # noqa: BLE001 -- an order's outermost loop: none may end a worker that watches well
            log.error("an order could not be obeyed", order=what, trace=traceback.format_exc())  # noqa: TRY400
        else:
            log.info("done", order=what)

    def _act(self, order: Order) -> None:
        if isinstance(order, str):
            self._reload()
            return
        match order.action:
            case "reload":
                self._reload()
            case "mute":
                self._helm.orders.mute(Mute(camera=order.camera, rack=order.rack, until=order.until))
            case "unmute":
                self._helm.orders.unmute(order.camera, order.rack)
            case "snapshot_now":
                self._show_again(order)
            case "rack_outlines":
                self._redraw(order)

    def _reload(self) -> None:
        new = self._helm.reread()
        fixed = (name for name in type(new).model_fields if name not in CHANGEABLE)
        changed = next((name for name in fixed if getattr(new, name) != getattr(self._written, name)), None)
        if changed is not None:
            raise ConfigError(f"{changed}: cannot be changed while the worker runs; restart it")
        self._helm.apply(self._helm.orders.applied_to(new))
        self._written = new

    def _redraw(self, order: Command) -> None:
        if order.camera is None or not order.outlines_norm:
            raise ConfigError("rack_outlines: name the camera, and give the outline of at least one of its racks")
        self._helm.orders.redraw(self._written, order.camera, order.outlines_norm)
        self._helm.apply(self._helm.orders.applied_to(self._written))

    def _show_again(self, order: Command) -> None:
        wanted = [watch for watch in self._helm.watches() if order.camera in {None, watch.config.id}]
        if not wanted:
            raise ConfigError(f"snapshot_now: there is no camera {order.camera} here")
        for watch in wanted:
            watch.show_again(order.rack)


def read_command(inbox: Inbox, _topic: str, payload: bytes) -> None:
    """Put what came over the broker into the inbox; what is no command is said and left."""
    try:
        inbox.put(Command.model_validate_json(payload))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        log.warning("a command cannot be read", reason=f"{place}: {first['msg']}" if place else first["msg"])
