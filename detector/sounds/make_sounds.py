"""Makes the announcement's sound files anew: a chime of our own, and words spoken by espeak-ng.

    apt-get install espeak-ng && python -m detector.sounds.make_sounds

Each is a WAV of one channel, 16 bit, `RATE_HZ`, trimmed of silence, the words equally loud.
"""

from __future__ import annotations

import io
import subprocess
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from detector.announce_sound import CHIME, RATE_HZ, WORDS, Samples, write_wav

FOLDER = Path(__file__).parent
VOICES = {"zh-CN": ("cmn-latn-pinyin", "150"), "en": ("en-gb", "135")}
"""The voice of each language, and how fast it speaks (words a minute).

Not `cmn`, which (in 1.51) says the pinyin in English, the numbers of the tones included.
"""
LOUDNESS = 0.22
"""Root mean square of each sound, full scale being 1: words as loud as a small speaker bears, peaks bent down softly."""
SILENT_BELOW = 0.01
CHIME_HZ, CHIME_S = (659.26, 523.25), 0.55


def main() -> None:
    write_wav(FOLDER / CHIME, _as_loud(_chime(), LOUDNESS / 2))
    for language, words in WORDS.items():
        write_wav(FOLDER / f"{language}.wav", _as_loud(_trimmed(_spoken(words, *VOICES[language]))))


def _chime() -> NDArray[np.float64]:
    """Two soft bells, the second lower, each dying away."""
    seconds = np.arange(int(CHIME_S * RATE_HZ)) / RATE_HZ
    fading = np.exp(-6 * seconds) * np.minimum(1, seconds / 0.01)
    bells = [fading * (np.sin(2 * np.pi * hz * seconds) + 0.3 * np.sin(4 * np.pi * hz * seconds)) for hz in CHIME_HZ]
    return np.concatenate(bells)


def _spoken(words: str, voice: str, speed: str) -> NDArray[np.float64]:
    command = ["espeak-ng", "-v", voice, "-s", speed, "--stdout", words]
    spoken = subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603 -- words and voices of our own
    with wave.open(io.BytesIO(spoken)) as file:
        rate_hz, samples = file.getframerate(), np.frombuffer(file.readframes(file.getnframes()), np.int16)
    return np.asarray(resample_poly(samples / 32768, RATE_HZ, rate_hz), np.float64)


def _trimmed(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    loud = np.flatnonzero(np.abs(samples) > SILENT_BELOW)
    return samples[loud[0] : loud[-1] + 1]


def _as_loud(samples: NDArray[np.float64], loudness: float = LOUDNESS) -> Samples:
    loud = samples * (loudness / float(np.sqrt(np.mean(samples**2))))
    return np.round(np.tanh(loud) * 32767).astype(np.int16)


if __name__ == "__main__":
    main()
