"""The timeline as a Blender scene: every mesh once, moved frame by frame."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import bpy
import numpy as np
from mathutils import Matrix

from sample_videos.render.bike import BikeMeshes, build_bike
from sample_videos.render.blender_materials import add_light, material
from sample_videos.render.camera import Camera
from sample_videos.render.geometry import Floats, Mesh, standing_at
from sample_videos.render.locks import build_lock, build_open_lock
from sample_videos.render.person import bone_matrices, build_person
from sample_videos.render.scenario import Scenario
from sample_videos.render.states import BikeState, PersonState
from sample_videos.render.surroundings import build_surroundings
from sample_videos.render.timeline import BikeActor, PersonActor, Timeline

Object: TypeAlias = bpy.types.Object
Border = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class _Bike:
    meshes: BikeMeshes
    body: Object
    closed_lock: Object | None
    open_lock: Object | None
    wheels: tuple[Object, Object]
    cranks: Object


class Stage:
    """The scene with its actors; `show` puts everybody where one frame has them, `render` makes a picture of it."""

    def __init__(self, timeline: Timeline, camera: Camera, *, threads: int) -> None:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self._timeline = timeline
        for index, mesh in enumerate(build_surroundings(timeline.scenario)):
            add_object(f"around {index}", [mesh])
        self._bikes = [_add_bike(f"bike {index}", bike) for index, bike in enumerate(timeline.bikes)]
        self._people = [_add_person(f"person {index}", person) for index, person in enumerate(timeline.people)]
        _add_camera(camera)
        add_light(timeline.scenario.light)
        _set_up_cycles(timeline.scenario, threads)

    def show(self, frame: int, *, only_at_rest: bool = False) -> None:
        """Put everybody where `frame` has them; `only_at_rest` leaves out people and moving bikes."""
        for made, bike in zip(self._bikes, self._timeline.bikes, strict=True):
            state = bike.states[frame]
            _place_bike(made, None if state is None or (only_at_rest and state.moving) else state)
        for bones, person in zip(self._people, self._timeline.people, strict=True):
            _place_person(bones, person, None if only_at_rest else person.states[frame])

    def render(self, path: Path, *, samples: int, border: Border | None = None) -> None:
        """Write the picture, or only the pixels (left, top, right, bottom) of `border`, as a PNG."""
        scene = bpy.context.scene
        scene.cycles.samples = samples
        scene.render.use_border = scene.render.use_crop_to_border = border is not None
        if border is not None:
            width, height = scene.render.resolution_x, scene.render.resolution_y
            scene.render.border_min_x, scene.render.border_max_x = border[0] / width, border[2] / width
            scene.render.border_min_y, scene.render.border_max_y = 1 - border[3] / height, 1 - border[1] / height
        scene.render.filepath = str(path)
        bpy.ops.render.render(write_still=True)


def _set_up_cycles(scenario: Scenario, threads: int) -> None:
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.use_denoising = True
    scene.cycles.denoiser = "OPENIMAGEDENOISE"
    scene.cycles.denoising_prefilter = "FAST"
    scene.cycles.use_adaptive_sampling = False
    scene.cycles.max_bounces, scene.cycles.diffuse_bounces, scene.cycles.glossy_bounces = 2, 1, 1
    scene.cycles.caustics_reflective = scene.cycles.caustics_refractive = False
    scene.render.resolution_x, scene.render.resolution_y = scenario.width, scenario.height
    scene.render.resolution_percentage = 100
    scene.render.use_persistent_data = True
    scene.render.threads_mode, scene.render.threads = "FIXED", threads
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.compression = 5
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Medium High Contrast"


def _add_camera(camera: Camera) -> None:
    lens = bpy.data.cameras.new("camera")
    lens.sensor_fit, lens.sensor_width = "HORIZONTAL", 36.0
    lens.lens = 36.0 * camera.focal_px / camera.width_px
    made = bpy.data.objects.new("camera", lens)
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = camera.rotation, camera.position
    made.matrix_world = to_blender(matrix)
    bpy.context.scene.collection.objects.link(made)
    bpy.context.scene.camera = made


def add_object(name: str, meshes: Iterable[Mesh]) -> Object:
    """One Blender object out of several meshes, one material slot per material."""
    parts = list(meshes)
    starts = np.cumsum([0, *(len(part.vertices) for part in parts)])
    vertices = np.concatenate([part.vertices for part in parts])
    faces = [
        [index + start for index in face] for part, start in zip(parts, starts, strict=False) for face in part.faces
    ]
    data = bpy.data.meshes.new(name)
    data.from_pydata(vertices.tolist(), [], faces)
    names = list(dict.fromkeys(part.material for part in parts))
    for used in names:
        data.materials.append(material(used))
    slots = [names.index(part.material) for part in parts for _ in part.faces]
    data.polygons.foreach_set("material_index", slots)
    data.polygons.foreach_set("use_smooth", [part.smooth and len(face) < 5 for part in parts for face in part.faces])
    made = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(made)
    return made


def _add_bike(name: str, bike: BikeActor) -> _Bike:
    meshes: BikeMeshes = build_bike(bike.style, bike.paint)
    closed = build_lock(bike.lock, bike.spot.side)
    opened = build_open_lock(bike.lock, bike.carries, always_ring=bike.shared)
    wheels = add_object(f"{name} rear", meshes.wheel), add_object(f"{name} front", meshes.wheel)
    return _Bike(
        meshes,
        add_object(f"{name} body", meshes.body),
        add_object(f"{name} closed lock", closed) if closed else None,
        add_object(f"{name} open lock", opened) if opened else None,
        wheels,
        add_object(f"{name} cranks", meshes.cranks),
    )


def _add_person(name: str, person: PersonActor) -> dict[str, Object]:
    return {bone: add_object(f"{name} {bone}", meshes) for bone, meshes in build_person(person.looks).items()}


def _place_bike(made: _Bike, state: BikeState | None) -> None:
    for part in (made.body, *made.wheels, made.cranks):
        part.hide_render = state is None
    for lock, when_locked in ((made.closed_lock, True), (made.open_lock, False)):
        if lock is not None:
            lock.hide_render = state is None or state.locked != when_locked
    if state is None:
        return
    world = standing_at(state.x, state.y, state.yaw, lean_rad=state.lean_rad)
    for part in (made.body, made.closed_lock, made.open_lock):
        if part is not None:
            part.matrix_world = to_blender(world)
    for wheel, axle in zip(made.wheels, (made.meshes.rear_axle, made.meshes.front_axle), strict=True):
        wheel.matrix_world = to_blender(world @ _spun(state.rolled_rad, axle))
    made.cranks.matrix_world = to_blender(world @ _spun(state.crank_rad, made.meshes.crank_axle))


def _spun(angle: float, axle: Floats) -> Floats:
    cos, sin = np.cos(angle), np.sin(angle)
    x, y, z = axle
    return np.array([[cos, 0, sin, x], [0, 1, 0, y], [-sin, 0, cos, z], [0, 0, 0, 1]])


def _place_person(bones: dict[str, Object], person: PersonActor, state: PersonState | None) -> None:
    for made in bones.values():
        made.hide_render = state is None
    if state is None:
        return
    world = standing_at(state.x, state.y, state.yaw)
    for bone, matrix in bone_matrices(state.pose, person.looks.height_m).items():
        bones[bone].matrix_world = to_blender(world @ matrix)


def to_blender(matrix: Floats) -> Matrix:
    return Matrix(matrix.tolist())
