"""Names of materials and what they look like: linear RGB colour, roughness, metalness, and a pattern."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Rgb = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Material:
    """`grain` is how much noise varies the colour; `pattern` lays bricks or slabs of `second` colour between joints."""

    colour: Rgb
    roughness: float = 0.6
    metallic: float = 0.0
    grain: float = 0.0
    pattern: Literal["plain", "bricks", "slabs"] = "plain"
    second: Rgb = (0.3, 0.3, 0.3)


MATERIALS: dict[str, Material] = {
    "paving": Material((0.34, 0.32, 0.29), 0.9, grain=0.5, pattern="slabs", second=(0.17, 0.16, 0.15)),
    "asphalt": Material((0.13, 0.13, 0.135), 0.95, grain=0.6),
    "wet_paving": Material((0.19, 0.185, 0.18), 0.24, grain=0.6, pattern="slabs", second=(0.07, 0.07, 0.07)),
    "wet_asphalt": Material((0.07, 0.07, 0.075), 0.28, grain=0.6),
    "grass": Material((0.075, 0.14, 0.03), 1.0, grain=1.0),
    "concrete": Material((0.42, 0.41, 0.39), 0.9, grain=0.4),
    "brick": Material((0.33, 0.13, 0.085), 0.9, grain=0.5, pattern="bricks", second=(0.42, 0.38, 0.33)),
    "glass": Material((0.05, 0.07, 0.09), 0.08, 0.4),
    "window_frame": Material((0.7, 0.7, 0.68), 0.5),
    "bark": Material((0.07, 0.05, 0.035), 0.95, grain=0.5),
    "leaf": Material((0.06, 0.15, 0.025), 0.7, grain=0.8),
    "galvanised": Material((0.48, 0.49, 0.5), 0.35, 0.85),
    "steel": Material((0.22, 0.22, 0.23), 0.4, 0.8),
    "chrome": Material((0.62, 0.62, 0.64), 0.25, 0.9),
    "rubber": Material((0.018, 0.018, 0.02), 0.75),
    "red_lamp": Material((0.5, 0.02, 0.02), 0.3),
    "bag": Material((0.03, 0.045, 0.10), 0.8, grain=0.3),
    "lock_yellow": Material((0.75, 0.50, 0.02), 0.5),
    "lock_blue": Material((0.03, 0.14, 0.55), 0.5),
    "lock_orange": Material((0.75, 0.20, 0.02), 0.5),
    "paint_red": Material((0.45, 0.025, 0.03), 0.3),
    "paint_blue": Material((0.03, 0.10, 0.40), 0.3),
    "paint_green": Material((0.03, 0.20, 0.09), 0.3),
    "paint_black": Material((0.015, 0.015, 0.018), 0.3),
    "paint_white": Material((0.70, 0.70, 0.68), 0.3),
    "paint_orange": Material((0.60, 0.20, 0.02), 0.3),
    "paint_teal": Material((0.04, 0.28, 0.30), 0.3),
    "paint_silver": Material((0.45, 0.46, 0.48), 0.3, 0.6),
    "fleet_yellow": Material((0.80, 0.52, 0.01), 0.35),
    "fleet_blue": Material((0.01, 0.22, 0.75), 0.35),
    "fleet_teal": Material((0.01, 0.55, 0.50), 0.35),
    "skin_0": Material((0.62, 0.38, 0.27), 0.6),
    "skin_1": Material((0.50, 0.28, 0.18), 0.6),
    "skin_2": Material((0.20, 0.10, 0.06), 0.6),
    "hair_0": Material((0.012, 0.010, 0.009), 0.5, grain=0.4),
    "hair_1": Material((0.07, 0.035, 0.018), 0.5, grain=0.4),
    "hair_2": Material((0.22, 0.13, 0.05), 0.5, grain=0.4),
    "top_0": Material((0.55, 0.08, 0.07), 0.85, grain=0.2),
    "top_1": Material((0.06, 0.16, 0.38), 0.85, grain=0.2),
    "top_2": Material((0.62, 0.62, 0.58), 0.85, grain=0.2),
    "top_3": Material((0.05, 0.05, 0.06), 0.85, grain=0.2),
    "top_4": Material((0.55, 0.38, 0.06), 0.85, grain=0.2),
    "top_5": Material((0.10, 0.22, 0.14), 0.85, grain=0.2),
    "trousers_0": Material((0.045, 0.07, 0.15), 0.9, grain=0.3),
    "trousers_1": Material((0.03, 0.03, 0.035), 0.9, grain=0.3),
    "trousers_2": Material((0.28, 0.22, 0.14), 0.9, grain=0.3),
    "trousers_3": Material((0.14, 0.15, 0.16), 0.9, grain=0.3),
    "shoes_0": Material((0.60, 0.60, 0.58), 0.7),
    "shoes_1": Material((0.02, 0.02, 0.02), 0.7),
    "shoes_2": Material((0.18, 0.08, 0.04), 0.7),
}
