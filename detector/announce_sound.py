"""The announcement as one sound: a chime, then the words in each language the site speaks, as loud as it wants."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Language: TypeAlias = Literal["zh-CN", "en"]
Samples: TypeAlias = NDArray[np.int16]
"""(samples,), one channel, `RATE_HZ` a second."""
WORDS: dict[Language, str] = {"zh-CN": "请锁好您的车", "en": "please lock your bike"}
RATE_HZ = 16000
CHIME = "chime.wav"
PAUSE_S = 0.25
FOLDER = Path(__file__).parent / "sounds"


def announcement(languages: Sequence[Language], volume: int) -> Samples:
    """The whole announcement; `volume` 100 is as recorded, 50 half the amplitude."""
    pause = np.zeros(int(PAUSE_S * RATE_HZ), np.int16)
    parts = [read_wav(FOLDER / CHIME)]
    for language in languages:
        parts += [pause, read_wav(FOLDER / f"{language}.wav")]
    return np.round(np.concatenate(parts) * (volume / 100)).astype(np.int16)


def read_wav(path: Path) -> Samples:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def write_wav(path: Path, samples: Samples) -> None:
    """Write a sound that every player plays.

    Raises:
        OSError: the folder cannot be written.
    """
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples.astype("<i2").tobytes())
