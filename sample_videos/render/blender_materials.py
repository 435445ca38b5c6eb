"""The materials of `materials.py` as Blender shader nodes, and the light."""

from __future__ import annotations

from typing import TypeAlias

import bpy
import numpy as np

from sample_videos.render.materials import MATERIALS, Material, Rgb
from sample_videos.render.scenario import Light

Nodes: TypeAlias = bpy.types.Nodes
Links: TypeAlias = bpy.types.NodeLinks
Socket: TypeAlias = bpy.types.NodeSocket


def material(name: str) -> bpy.types.Material:
    """The Blender material of that name, made on first use."""
    found = bpy.data.materials.get(name)
    return found if found is not None else make_material(name, MATERIALS[name])


def make_material(name: str, look: Material) -> bpy.types.Material:
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    nodes, links = made.node_tree.nodes, made.node_tree.links
    shader = nodes["Principled BSDF"]
    shader.inputs["Roughness"].default_value = look.roughness
    shader.inputs["Metallic"].default_value = look.metallic
    shader.inputs["Base Color"].default_value = (*look.colour, 1)
    place = nodes.new("ShaderNodeTexCoord").outputs["Object"]
    colour = None if look.pattern == "plain" else _bricks(nodes, links, look, place)
    if look.grain > 0:
        colour = _grained(nodes, links, look, place, colour)
    if colour is not None:
        links.new(colour, shader.inputs["Base Color"])
    return made


def _bricks(nodes: Nodes, links: Links, look: Material, place: Socket) -> Socket:
    brick = nodes.new("ShaderNodeTexBrick")
    slabs = look.pattern == "slabs"
    settings = {
        "Scale": 1.0,
        "Mortar Size": 0.008,
        "Brick Width": 0.5 if slabs else 0.25,
        "Row Height": 0.25 if slabs else 0.085,
    }
    for key, value in settings.items():
        brick.inputs[key].default_value = value
    brick.inputs["Color1"].default_value = (*look.colour, 1)
    brick.inputs["Color2"].default_value = (*_scaled(look.colour, 0.82), 1)
    brick.inputs["Mortar"].default_value = (*look.second, 1)
    links.new(place if slabs else _upright(nodes, links, place), brick.inputs["Vector"])
    return brick.outputs["Color"]


def _upright(nodes: Nodes, links: Links, place: Socket) -> Socket:
    turn = nodes.new("ShaderNodeMapping")
    turn.inputs["Rotation"].default_value = (-np.pi / 2, 0, 0)
    links.new(place, turn.inputs["Vector"])
    return turn.outputs["Vector"]


def _grained(nodes: Nodes, links: Links, look: Material, place: Socket, colour: Socket | None) -> Socket:
    noise = nodes.new("ShaderNodeTexNoise")
    noise.inputs["Scale"].default_value = 7.0
    noise.inputs["Detail"].default_value = 3.0
    links.new(place, noise.inputs["Vector"])
    mix = nodes.new("ShaderNodeMix")
    mix.data_type, mix.blend_type = "RGBA", "MULTIPLY"
    mix.inputs[0].default_value = min(look.grain, 1.0)
    contrast = nodes.new("ShaderNodeMapRange")
    for key, value in {"From Min": 0.3, "From Max": 0.7, "To Min": 0.45, "To Max": 1.25}.items():
        contrast.inputs[key].default_value = value
    links.new(noise.outputs["Fac"], contrast.inputs["Value"])
    links.new(contrast.outputs["Result"], mix.inputs[7])
    mix.inputs[6].default_value = (*look.colour, 1)
    if colour is not None:
        links.new(colour, mix.inputs[6])
    return mix.outputs[2]


def _scaled(colour: Rgb, by: float) -> Rgb:
    return colour[0] * by, colour[1] * by, colour[2] * by


_LIGHTS: dict[str, tuple[float, Rgb, float, Rgb, float]] = {
    # sun strength, sun colour, sky strength, sky colour, sun's apparent size in degrees
    "sun": (3.6, (1.0, 0.94, 0.84), 0.75, (0.62, 0.76, 1.0), 1.2),
    "overcast": (0.9, (1.0, 0.98, 0.95), 1.15, (0.85, 0.90, 1.0), 25.0),
    "dusk": (0.9, (1.0, 0.62, 0.38), 0.50, (0.50, 0.58, 0.85), 6.0),
    "rain": (0.35, (0.92, 0.96, 1.0), 1.25, (0.80, 0.87, 0.95), 60.0),
}


def add_light(light: Light) -> None:
    strength, colour, sky, sky_colour, size = _LIGHTS[light.kind]
    sun = bpy.data.lights.new("sun", "SUN")
    sun.energy, sun.color, sun.angle = strength, colour, np.radians(size)
    lamp = bpy.data.objects.new("sun", sun)
    lamp.rotation_euler = (np.radians(90 - light.sun_elevation_deg), 0, np.radians(light.sun_azimuth_deg) + np.pi / 2)
    bpy.context.scene.collection.objects.link(lamp)
    world = bpy.data.worlds.new("sky")
    world.use_nodes = True
    background = world.node_tree.nodes["Background"]
    background.inputs["Color"].default_value = (*sky_colour, 1)
    background.inputs["Strength"].default_value = sky
    bpy.context.scene.world = world
