"""What a scenario file leaves open, settled by a seed. Pure: the same file and seed give the same.

A number of seconds, metres or degrees may be a pair `[least, most]`, a word or a slot a list to choose from, and
`rack.filled_count` says how many slots are filled instead of which.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

_UNITS = ("_s", "_m", "_deg")
_CHOICES = frozenset(
    (
        "comes_from",
        "goes_to",
        "enters",
        "moves",
        "lock",
        "posture",
        "fusses",
        "bike",
        "backpack",
        "kind",
        "does",
        "slot",
        "stops_near_slot",
    )
)
_PAIR = 2


def drawn(raw: dict[str, Any], seed: int) -> dict[str, Any]:
    """`raw` with everything settled that it left open. Raises ValueError, which names the key."""
    settled = {key: _draw(key, value, seed, key) for key, value in raw.items()}
    _jitter(settled.get("camera"), seed)
    _fill(settled, seed)
    return settled


def _dice(seed: int, place: str) -> np.random.Generator:
    # One stream per key, so that a key more or less leaves the others as they were.
    return np.random.default_rng([seed, 13, zlib.crc32(place.encode())])


def _draw(key: str, value: Any, seed: int, place: str) -> Any:  # noqa: ANN401 - TOML values
    if isinstance(value, dict):
        return {name: _draw(name, part, seed, f"{place}.{name}") for name, part in value.items()}
    if not isinstance(value, list):
        return value
    if value and all(isinstance(part, dict) for part in value):
        return [_draw(key, part, seed, f"{place}.{index}") for index, part in enumerate(value)]
    if key in _CHOICES and value:
        return value[int(_dice(seed, place).integers(len(value)))]
    if key.endswith(_UNITS) and len(value) == _PAIR:
        return _between(value, seed, place)
    return value


def _between(pair: list[Any], seed: int, place: str) -> float:
    least, most = pair
    if not all(isinstance(end, int | float) for end in pair) or least > most:
        raise ValueError(f"{place}: a pair is [least, most], two numbers in order")
    return round(float(_dice(seed, place).uniform(least, most)), 3)


def _jitter(camera: object, seed: int) -> None:
    if not isinstance(camera, dict) or "jitter_m" not in camera:
        return
    size, dice = camera.pop("jitter_m"), _dice(seed, "camera")
    for key, by in (("position_m", size), ("look_at_m", 0.4 * size)):
        camera[key] = [round(float(value + dice.normal(0, by)), 3) for value in camera.get(key, ())]


def _fill(raw: dict[str, Any], seed: int) -> None:
    """Put `filled_count` bikes, a number or [least, most], into slots that nobody in the file names."""
    rack = raw.get("rack")
    if not isinstance(rack, dict) or "filled_count" not in rack:
        return
    count, dice = rack.pop("filled_count"), _dice(seed, "filled")
    least, most = count if isinstance(count, list) and len(count) == _PAIR else (count, count)
    kept = {*rack.get("filled", ()), *rack.pop("kept_free", ()), *_named(raw)}
    slots = int(rack.get("stands", 0)) * (2 if rack.get("kind", "sheffield") == "sheffield" else 1)
    free = [slot for slot in range(slots) if slot not in kept]
    if not (isinstance(least, int) and isinstance(most, int) and 0 <= least <= most <= len(free)):
        raise ValueError(f"rack.filled_count: give [least, most], at most the {len(free)} slots that nobody names")
    chosen = dice.permutation(free)[: int(dice.integers(least, most + 1))]
    rack["filled"] = [*rack.get("filled", ()), *sorted(int(slot) for slot in chosen)]


def _named(raw: dict[str, Any]) -> set[int]:
    people = [who for key in ("riders", "passers", "travellers") for who in raw.get(key, ()) if isinstance(who, dict)]
    return {who["slot"] for who in people if isinstance(who.get("slot"), int)}
