"""Close views of bikes in Blender: a scene is built once, then its locks, colours, light and camera change view by view."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import bpy
import numpy as np

from sample_videos.render.bike import BikeStyle, build_bike
from sample_videos.render.blender_materials import make_material
from sample_videos.render.blender_scene import add_object, to_blender
from sample_videos.render.camera import Camera
from sample_videos.render.geometry import Floats, moved, standing_at, unit, vec
from sample_videos.render.lock_views_clutter import PAINTS, extras, looks, painted, stand_at, surroundings
from sample_videos.render.lock_views_places import place_lock
from sample_videos.render.lock_views_seen import Shown, first_hits, visible
from sample_videos.render.lock_views_shapes import LOCKS, Dice, ViewedLock
from sample_videos.render.lock_views_truth import ViewTruth

Object: TypeAlias = bpy.types.Object
_STYLES: tuple[BikeStyle, ...] = ("city", "sport", "classic", "ebike", "shared")
_STYLE_SHARES = (0.24, 0.30, 0.24, 0.12, 0.10)
_LOCK_COUNT_SHARES = (0.25, 0.60, 0.15)
_NEIGHBOUR_SHARES = (0.40, 0.30, 0.20, 0.10)
_NEIGHBOUR_LOCKED_SHARE = 0.3
_TRIES = 6


@dataclass(frozen=True, slots=True)
class _Bike:
    style: BikeStyle
    vertices: Floats
    world: Floats


class LockStage:
    """One scene; every `view` puts other locks on its bikes and looks at the first one from somewhere else."""

    def __init__(self, dice: Dice, *, threads: int, samples: int, many: bool = False) -> None:
        """`many`: as many locks on every bike as nobody has, to learn what they look like from fewer pictures."""
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self._dice, self._many = dice, many
        for name, look in looks(dice).items():
            make_material(name, look)
        for index, mesh in enumerate(surroundings(dice)):
            add_object(f"around {index}", [mesh])
        self._bikes = [self._add_bike(index) for index in range(1 + int(dice.choice(4, p=_NEIGHBOUR_SHARES)))]
        self._passing: list[Object] = []
        self._sun = _add_sun()
        _set_up(threads, samples)

    def view(self, picture: Path, scene: int) -> ViewTruth:
        """Render one view to `picture` (PNG with alpha where the sky is) and tell what is in it."""
        for old in self._passing:
            bpy.data.objects.remove(old)
        self._repaint()
        self._light()
        locks = list(self._hang_locks())
        bpy.context.view_layer.update()
        camera = next((one for one in self._tried(locks) if self._is_good(one, locks)), self._look_at(locks))
        _aim(camera)
        _render(picture, int(self._dice.integers(1 << 30)))
        seen = [truth for lock in locks if (truth := visible(lock, camera)) is not None]
        bike = camera.extent_px(self._bikes[0].vertices) or (0.0, 0.0, 0.0, 0.0)
        return ViewTruth(
            picture=picture.name,
            scene=scene,
            width_px=camera.width_px,
            height_px=camera.height_px,
            style=self._bikes[0].style,
            bike_px=bike,
            locks=tuple(seen),
        )

    def _add_bike(self, index: int) -> _Bike:
        dice = self._dice
        style = _STYLES[int(dice.choice(len(_STYLES), p=_STYLE_SHARES))]
        meshes = build_bike(style, PAINTS[min(index, 2)])
        world = _where(dice, index) @ np.diag([*dice.uniform(0.92, 1.10, 3), 1.0])
        turned = [
            (meshes.wheel, meshes.rear_axle),
            (meshes.wheel, meshes.front_axle),
            (meshes.cranks, meshes.crank_axle),
        ]
        add_object(f"bike {index}", [*meshes.body, *extras(dice, style)]).matrix_world = to_blender(world)
        for part, (mesh, axle) in enumerate(turned):
            made = add_object(f"bike {index} turning {part}", mesh)
            made.matrix_world = to_blender(world @ _spun(float(dice.uniform(0, 2 * np.pi)), axle))
        return _Bike(style, moved(meshes.vertices(), world), world)

    def _hang_locks(self) -> Iterator[Shown]:
        """Locks of the first bike, and of some neighbours, with what they are locked to."""
        dice, self._passing = self._dice, []
        for index, bike in enumerate(self._bikes):
            count = self._lock_count(first=index == 0)
            kinds: list[ViewedLock] = [LOCKS[int(dice.integers(len(LOCKS)))] for _ in range(count)]
            placed = [place_lock(dice, kind, bike.style) for kind in kinds]
            for number, lock in enumerate(placed):
                made = self._put(f"lock {index} {number}", painted(lock.parts, index + number), bike.world)
                yield Shown(lock, made, bike.world)
            if index == 0:
                first = placed[0] if placed else None
                stand = stand_at(dice, first.stand_y_m if first else None, first.middle if first else vec(0, 0, 0))
                if stand:
                    self._put("stand", stand, bike.world)

    def _lock_count(self, *, first: bool) -> int:
        if self._many:
            return int(self._dice.integers(2, 6))
        if first:
            return int(self._dice.choice(3, p=_LOCK_COUNT_SHARES))
        return int(self._dice.random() < _NEIGHBOUR_LOCKED_SHARE)

    def _put(self, name: str, parts: object, world: Floats) -> Object:
        made = add_object(name, parts)  # type: ignore[arg-type]
        made.matrix_world = to_blender(world)
        self._passing.append(made)
        return made

    def _repaint(self) -> None:
        for name, look in looks(self._dice).items():
            if look.grain == 0 and look.pattern == "plain":
                shader = bpy.data.materials[name].node_tree.nodes["Principled BSDF"]
                shader.inputs["Base Color"].default_value = (*look.colour, 1)
                shader.inputs["Roughness"].default_value = look.roughness
                shader.inputs["Metallic"].default_value = look.metallic

    def _light(self) -> None:
        dice = self._dice
        warm, blue = float(dice.uniform(0.6, 1.0)), float(dice.uniform(0.8, 1.15))
        sunny = dice.random() < 0.55
        self._sun.data.energy = float(dice.uniform(1.5, 5.0) if sunny else dice.uniform(0.0, 0.8))
        self._sun.data.color, self._sun.data.angle = (1.0, (1 + warm) / 2, warm), np.radians(1.0 if sunny else 40.0)
        self._sun.rotation_euler = (float(dice.uniform(0.2, 1.3)), 0, float(dice.uniform(0, 2 * np.pi)))
        sky = bpy.context.scene.world.node_tree.nodes["Background"]
        sky.inputs["Color"].default_value = (0.8, 0.88, blue, 1)
        sky.inputs["Strength"].default_value = float(dice.uniform(0.3, 1.3))
        bpy.context.scene.view_settings.exposure = float(dice.uniform(-0.4, 1.0))

    def _tried(self, locks: list[Shown]) -> Iterator[Camera]:
        return (self._look_at(locks) for _ in range(_TRIES))

    def _is_good(self, camera: Camera, locks: list[Shown]) -> bool:
        """Nothing big stands before the bike, and if it has a lock, a little of one is seen."""
        clouds = [lock.vertices() for lock in locks[:2]]
        seen = [first_hits(camera, self._dice.permutation(cloud)[:30]) for cloud in (self._bikes[0].vertices, *clouds)]
        clear = sum(name.startswith("around") for name in seen[0]) < 0.3 * len(seen[0])
        shown = [sum(name.startswith("lock") for name in names) > 0.15 * len(names) for names in seen[1:]]
        return clear and (any(shown) or not shown)

    def _look_at(self, locks: list[Shown]) -> Camera:
        """A camera whose picture is filled by the first bike, or by half of it around its lock."""
        dice, bike = self._dice, self._bikes[0]
        cloud = bike.vertices
        if dice.random() < 0.35:
            middle = (
                moved(locks[0].lock.middle[None], locks[0].world)[0] if locks else cloud[int(dice.integers(len(cloud)))]
            )
            near = float(dice.uniform(0.35, 0.75))
            cloud = middle + dice.normal(0, 0.12, 3) + near * vec(-1, -1, -0.7, 1, 1, 0.7).reshape(2, 3)
        target = (cloud.min(axis=0) + cloud.max(axis=0)) / 2
        ahead = float(np.arctan2(bike.world[1, 0], bike.world[0, 0]))
        side = 1 if dice.random() < 0.5 else -1
        round_about = ahead + side * np.pi / 2 + float(np.clip(dice.normal(0, 0.55), -1.35, 1.35))
        up, far = min(float(np.abs(dice.normal(0.05, 0.38))) + 0.03, 0.95), float(dice.uniform(3.5, 13.0))
        back = vec(np.cos(up) * np.cos(round_about), np.cos(up) * np.sin(round_about), np.sin(up))
        return _framed(dice, cloud, target + back * far, back)


def _where(dice: Dice, index: int) -> Floats:
    """The first bike in the middle, the others beside it on either side."""
    lean = float(np.clip(dice.normal(0, 0.06), -0.15, 0.15))
    if index == 0:
        return standing_at(0, 0, float(dice.normal(0, 0.1)), lean_rad=lean)
    beside = (1 if index % 2 else -1) * float(dice.uniform(0.38, 0.9)) * (1 + index // 2)
    turned = float(dice.normal(0, 0.12)) + (np.pi if dice.random() < 0.4 else 0.0)
    return standing_at(float(dice.normal(0, 0.4)), beside, turned, lean_rad=lean)


def _spun(angle: float, axle: Floats) -> Floats:
    cos, sin = np.cos(angle), np.sin(angle)
    x, y, z = axle
    return np.array([[cos, 0, sin, x], [0, 1, 0, y], [-sin, 0, cos, z], [0, 0, 0, 1]])


def _framed(dice: Dice, cloud: Floats, position: Floats, back: Floats) -> Camera:
    """A picture that `cloud`, shape (n, 3), fills but for a margin, its long side 208 to 320 px."""
    right = unit(np.cross(vec(0, 0, 1), back))
    roll = float(dice.normal(0, 0.03))
    right = unit(right + roll * np.cross(back, right))
    rotation = np.stack([right, np.cross(back, right), back], axis=1)
    wide, high = np.ptp(Camera(position, rotation, 1000.0, 1, 1).project(cloud), axis=0)
    long = float(dice.uniform(208, 320))
    margin = 1 + 2 * dice.uniform(-0.02, 0.25, 2)
    focal = 1000.0 * long / float(max(wide * margin[0], high * margin[1]))
    width, height = (
        max(96, min(336, round(float(side) * focal / 1000.0))) for side in (wide * margin[0], high * margin[1])
    )
    return Camera(position, rotation, focal, width, height)


def _aim(camera: Camera) -> None:
    scene = bpy.context.scene
    if scene.camera is None:
        scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
        scene.collection.objects.link(scene.camera)
    lens = scene.camera.data
    lens.sensor_fit, lens.sensor_width = "HORIZONTAL", 36.0
    lens.lens = 36.0 * camera.focal_px / camera.width_px
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = camera.rotation, camera.position
    scene.camera.matrix_world = to_blender(matrix)
    scene.render.resolution_x, scene.render.resolution_y = camera.width_px, camera.height_px
    bpy.context.view_layer.update()


def _render(picture: Path, seed: int) -> None:
    scene = bpy.context.scene
    scene.cycles.seed = seed
    scene.render.filepath = str(picture)
    bpy.ops.render.render(write_still=True)


def _add_sun() -> Object:
    lamp = bpy.data.objects.new("sun", bpy.data.lights.new("sun", "SUN"))
    bpy.context.scene.collection.objects.link(lamp)
    world = bpy.data.worlds.new("sky")
    world.use_nodes = True
    bpy.context.scene.world = world
    return lamp


def _set_up(threads: int, samples: int) -> None:
    scene = bpy.context.scene
    scene.render.engine, scene.cycles.device = "CYCLES", "CPU"
    scene.cycles.samples, scene.cycles.use_adaptive_sampling = samples, False
    scene.cycles.use_denoising, scene.cycles.denoiser, scene.cycles.denoising_prefilter = (
        True,
        "OPENIMAGEDENOISE",
        "FAST",
    )
    scene.cycles.max_bounces, scene.cycles.diffuse_bounces, scene.cycles.glossy_bounces = 2, 1, 1
    scene.cycles.caustics_reflective = scene.cycles.caustics_refractive = False
    scene.render.film_transparent = True
    scene.render.resolution_percentage = 100
    scene.render.use_persistent_data = True
    scene.render.threads_mode, scene.render.threads = "FIXED", threads
    scene.render.image_settings.file_format, scene.render.image_settings.color_mode = "PNG", "RGBA"
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Medium High Contrast"
