"""`/metrics` of an edge worker, in Prometheus' names and base units; nothing is counted here that is not counted anyway."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from detector.camera_watch import CameraWatch
from detector.config_metrics import MetricsConfig
from detector.errors import CannotWriteError, UsageError
from detector.live_clock import utc_now

CAMERA = ("camera",)
COUNTERS: tuple[tuple[str, str, Callable[[CameraWatch], float]], ...] = (
    ("frames_arrived", "Pictures that came from the camera.", lambda watch: watch.counts.arrived),
    ("frames_taken", "Pictures that went through the line.", lambda watch: watch.counts.taken),
    ("frames_skipped", "Pictures left out because a newer one had come.", lambda watch: watch.counts.skipped),
    ("frames_damaged", "Pictures that could not be decoded whole.", lambda watch: watch.counts.damaged),
    ("connections", "How often the camera was reached.", lambda watch: watch.counts.connections),
    ("stalls", "How often a connection gave nothing for so long that it was left.", lambda watch: watch.counts.stalls),
    ("model_runs", "Pictures the model looked at.", lambda watch: watch.model_runs),
    ("model_seconds", "Time in the model, waiting left out.", lambda watch: watch.model_seconds),
)


class Figures(NamedTuple):
    """What is known of the worker as a whole."""

    site: str
    worker: str
    version: str
    watches: Callable[[], Iterable[CameraWatch]]
    outbox_depth: Callable[[], int]
    is_connected: Callable[[], bool]


class EdgeCollector(Collector):
    """Reads everything at the moment it is asked."""

    def __init__(self, worker: Figures, clock: Callable[[], datetime] = utc_now) -> None:
        self._worker, self._clock = worker, clock

    def describe(self) -> Iterable[Metric]:
        """Nothing: it must not be asked before the worker stands."""
        return []

    def collect(self) -> Iterator[Metric]:
        worker, watches = self._worker, list(self._worker.watches())
        info = GaugeMetricFamily(
            "pleaselock_worker_info", "1, with what this worker is.", labels=("site", "worker", "version")
        )
        info.add_metric([worker.site, worker.worker, worker.version], 1)
        yield info
        connected = float(worker.is_connected())
        yield GaugeMetricFamily("pleaselock_broker_connected", "1 while the broker is there, else 0.", connected)
        yield from self._outbox()
        for name, about, value in COUNTERS:
            counter = CounterMetricFamily(f"pleaselock_camera_{name}", about, labels=CAMERA)
            for watch in watches:
                counter.add_metric([watch.config.id], value(watch))
            yield counter
        yield from self._states(watches)

    def _outbox(self) -> Iterator[Metric]:
        try:
            depth = self._worker.outbox_depth()
        except CannotWriteError:
            return  # a figure that cannot be had is left out, not made up
        yield GaugeMetricFamily("pleaselock_outbox_messages", "Messages that wait for the bridge.", depth)

    def _states(self, watches: list[CameraWatch]) -> Iterator[Metric]:
        last = GaugeMetricFamily(
            "pleaselock_camera_last_frame_timestamp_seconds", "When the last picture arrived.", labels=CAMERA
        )
        width = GaugeMetricFamily(
            "pleaselock_camera_bike_width_pixels", "Median width of the bikes seen clearly.", labels=CAMERA
        )
        trouble = GaugeMetricFamily(
            "pleaselock_camera_trouble", "1 while the camera has this trouble, else 0.", labels=("camera", "trouble")
        )
        for watch in watches:
            camera, at, width_px = watch.config.id, watch.counts.last_frame_at, watch.faring.bike_width_px()
            if at is not None:
                last.add_metric([camera], at.timestamp())
            if width_px is not None:
                width.add_metric([camera], width_px)
            for name, is_so in watch.faring.troubles(self._clock()).items():
                trouble.add_metric([camera, name], float(is_so))
        yield from (last, width, trouble)


@contextmanager
def serving_metrics(config: MetricsConfig | None, worker: Figures) -> Iterator[None]:
    """Answer Prometheus for as long as the block lasts; nothing where the site did not ask for it.

    Raises:
        UsageError: the port cannot be used.
    """
    if config is None:
        yield
        return
    registry = CollectorRegistry()
    registry.register(EdgeCollector(worker))
    ProcessCollector(registry=registry)
    try:
        server, thread = start_http_server(config.port, config.host, registry)
    except OSError as error:
        raise UsageError(
            f"metrics: port {config.port} on {config.host} cannot be used ({error.strerror}); give another port"
        ) from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
