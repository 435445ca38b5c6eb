"""The models of a worker: one session for each model and runtime that is named, however many cameras share it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import structlog

from detector.config import SiteConfig
from detector.detection import Detector, open_detector
from detector.model_folder import ModelIdentity, Runtime, identify_model
from detector.model_turns import SharedModel

log = structlog.get_logger()
Choice = tuple[str, Runtime]


class Models:
    """Call from one thread only."""

    def __init__(self, config: SiteConfig) -> None:
        """Open all that the cameras name.

        Raises:
            ModelRefusedError: one of them cannot be used.
        """
        self._open: dict[Choice, SharedModel] = {}
        for camera in config.cameras:
            self.of(camera.model, camera.runtime)

    def of(self, name: str, runtime: Runtime = "onnxruntime") -> SharedModel:
        """The model of that name, opened where it is not yet.

        Raises:
            ModelRefusedError: it cannot be used.
        """
        choice = name, runtime
        if choice not in self._open:
            identity, detector = _opened(choice)
            self._open[choice] = SharedModel(detector, identity)
        return self._open[choice]

    def promoted(self) -> Mapping[Choice, tuple[ModelIdentity, Detector]]:
        """Those open ones whose name has come to mean other weights since, opened anew: what each is, and the model.

        Raises:
            ModelRefusedError: one of them cannot be used.
        """
        choices = [choice for choice, shared in self._open.items() if identify_model(choice[0]) != shared.identity]
        return {choice: _opened(choice) for choice in choices}

    def take(self, promoted: Mapping[Choice, tuple[ModelIdentity, Detector]]) -> None:
        """Use these from the next picture on; cameras notice nothing."""
        for choice, (identity, detector) in promoted.items():
            shared = self._open[choice]
            with shared.turn:
                shared.detector, shared.identity = detector, identity
            log.info("the model was replaced", model=choice[0], sha256=identity.sha256)

    def keep_only(self, choices: Iterable[Choice]) -> None:
        kept = set(choices)
        self._open = {choice: model for choice, model in self._open.items() if choice in kept}


def _opened(choice: Choice) -> tuple[ModelIdentity, Detector]:
    name, runtime = choice
    return identify_model(name), open_detector(name, runtime=runtime)
