"""The models of a worker: one session for each that is named, however many cameras share it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import structlog

from detector.config import SiteConfig
from detector.detection import Detector, open_detector
from detector.model_folder import identify_model
from detector.model_turns import SharedModel

log = structlog.get_logger()


class Models:
    """Call from one thread only."""

    def __init__(self, config: SiteConfig) -> None:
        """Open all that the cameras name.

        Raises:
            ModelRefusedError: one of them cannot be used.
        """
        self._open: dict[str, SharedModel] = {}
        self._sha256: dict[str, str] = {}
        for camera in config.cameras:
            self.of(camera.model)

    def of(self, name: str) -> SharedModel:
        """The model of that name, opened where it is not yet.

        Raises:
            ModelRefusedError: it cannot be used.
        """
        if name not in self._open:
            self._sha256[name], detector = _opened(name)
            self._open[name] = SharedModel(detector)
        return self._open[name]

    def promoted(self) -> Mapping[str, tuple[str, Detector]]:
        """Those open ones whose name has come to mean other weights since, opened anew: sha256 and model.

        Raises:
            ModelRefusedError: one of them cannot be used.
        """
        names = [name for name in self._open if identify_model(name).sha256 != self._sha256[name]]
        return {name: _opened(name) for name in names}

    def take(self, promoted: Mapping[str, tuple[str, Detector]]) -> None:
        """Use these from the next picture on; cameras notice nothing."""
        for name, (sha256, detector) in promoted.items():
            shared = self._open[name]
            with shared.turn:
                shared.detector = detector
            self._sha256[name] = sha256
            log.info("the model was replaced", model=name, sha256=sha256)

    def keep_only(self, names: Iterable[str]) -> None:
        kept = set(names)
        self._open = {name: model for name, model in self._open.items() if name in kept}


def _opened(name: str) -> tuple[str, Detector]:
    return identify_model(name).sha256, open_detector(name)
