"""The models of a worker: one session for each that is named, however many cameras share it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import structlog

from detector.config import SiteConfig
from detector.detection import Detector, open_detector
from detector.model_folder import ModelIdentity, identify_model
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
        for camera in config.cameras:
            self.of(camera.model)

    def of(self, name: str) -> SharedModel:
        """The model of that name, opened where it is not yet.

        Raises:
            ModelRefusedError: it cannot be used.
        """
        if name not in self._open:
            identity, detector = _opened(name)
            self._open[name] = SharedModel(detector, identity)
        return self._open[name]

    def promoted(self) -> Mapping[str, tuple[ModelIdentity, Detector]]:
        """Those open ones whose name has come to mean other weights since, opened anew: what each is, and the model.

        Raises:
            ModelRefusedError: one of them cannot be used.
        """
        names = [name for name, shared in self._open.items() if identify_model(name) != shared.identity]
        return {name: _opened(name) for name in names}

    def take(self, promoted: Mapping[str, tuple[ModelIdentity, Detector]]) -> None:
        """Use these from the next picture on; cameras notice nothing."""
        for name, (identity, detector) in promoted.items():
            shared = self._open[name]
            with shared.turn:
                shared.detector, shared.identity = detector, identity
            log.info("the model was replaced", model=name, sha256=identity.sha256)

    def keep_only(self, names: Iterable[str]) -> None:
        kept = set(names)
        self._open = {name: model for name, model in self._open.items() if name in kept}


def _opened(name: str) -> tuple[ModelIdentity, Detector]:
    return identify_model(name), open_detector(name)
