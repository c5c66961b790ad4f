"""Photographs of a hand and forearm without jewelry.

A left hand, wrist joint at the origin, fingers along +z, thumb towards +x, the back of the hand at -y.
"""

import math

import bpy
import numpy as np

from . import body, materials, person, scene
from .body import rotation


class Relief:
    """Sculpts the back of the hand: collects how far each vertex of the subdivided skin is lifted (metres)."""

    def __init__(self, skin):
        self.mesh = bpy.data.meshes.new_from_object(skin.evaluated_get(bpy.context.evaluated_depsgraph_get()))
        skin.modifiers.clear()
        skin.data = self.mesh
        self.points, self.normals = self._read("co"), self._read("normal")
        self.lift = np.zeros(len(self.points))

    def _read(self, what):
        values = np.empty(len(self.mesh.vertices) * 3, np.float32)
        self.mesh.vertices.foreach_get(what, values)
        return values.reshape(-1, 3).astype(float)

    def _distance2(self, x, z):
        return (self.points[:, 0] - x) ** 2 + (self.points[:, 2] - z) ** 2

    def bump(self, x, z, height, width):
        """A round bump, or a dent when the height is negative."""
        self.lift += height * np.exp(-self._distance2(x, z) / (2 * width * width))

    def ridge(self, path, height, width):
        """A soft ridge along (x, z) control points from the wrist to the fingers, fading out at both ends."""
        control = np.array(path, float)
        t, fine = np.linspace(0, 1, len(control)), np.linspace(0, 1, 120)
        q = np.stack([np.interp(fine, t, control[:, k]) for k in (0, 1)], 1)
        for _ in range(60):
            q[1:-1] = (q[:-2] + q[2:]) / 2
        nearest = np.min([self._distance2(x, z) for x, z in q], axis=0)
        z = self.points[:, 2]
        fade = np.clip((z - q[:, 1].min()) / 0.012, 0, 1) * np.clip((q[:, 1].max() - z) / 0.006 + 1, 0, 1)
        self.lift += height * np.exp(-nearest / (2 * width * width)) * fade

    def apply(self):
        """Move the vertices that face the back of the hand."""
        dorsal = np.clip((-self.normals[:, 1] - 0.15) / 0.5, 0, 1)
        moved = self.points + self.normals * (self.lift * dorsal)[:, None]
        self.mesh.vertices.foreach_set("co", moved.astype(np.float32).ravel())
        self.mesh.update()


def _sculpt(skin, joints, rng):
    """Knuckles, tendons and veins."""
    relief = Relief(skin)
    for finger in (2, 3, 4, 5):
        x, _, z = joints[f"finger{finger}-1.L"]
        relief.bump(x, z, 0.0013, 0.0060)
        relief.bump(x, z + 0.014, -0.0005, 0.0055)
        relief.ridge([(x * 0.35, 0.012), (x * 0.7, z * 0.5), (x, z - 0.004)], 0.00075, 0.0021)
        for joint in (2, 3):
            x, _, z = joints[f"finger{finger}-{joint}.L"]
            relief.bump(x, z, 0.0005, 0.0048)
    for arm, middle, end in ((-0.014, -0.012, -0.024), (-0.003, 0.006, -0.006), (0.008, 0.014, 0.018)):
        j = rng.normal(0, 0.0025, 6)
        fork = (middle + j[2], 0.02)
        trunk = [(arm, -0.10), (arm * 1.4 + j[0], -0.05), (arm * 1.4 + j[1], -0.01), fork]
        relief.ridge(trunk + [(middle + j[3], 0.04), (end + j[4], 0.068)], 0.00042, 0.0014)
        relief.ridge([fork, (middle + 0.008 + j[5], 0.045), (middle + 0.012, 0.066)], 0.00032, 0.0012)
    relief.apply()


def _posed_hand(spec, rng):
    """The body with its left hand in the frame of this module, fingers spread and curled a little."""
    shape = {"hands/l-hand-fingers-length-incr": 0.35, "hands/l-hand-fingers-diameter-incr": 0.20}
    h = body.Human(dict(age=0.5, race={"caucasian": 1}, weight=0.45), shape)
    wrist = h.head["wrist.L"]
    forward = person.unit(h.head["finger3-1.L"] - wrist)
    lateral = h.head["finger2-1.L"] - h.head["finger5-1.L"]
    lateral = person.unit(lateral - forward * (lateral @ forward))
    dorsal = np.cross(lateral, forward)
    world = np.eye(4)
    world[:3, :3] = [lateral, -dorsal, forward]
    world[:3, 3] = -world[:3, :3] @ wrist
    pose = {"finger1-1.L": rotation(dorsal, -10 * spec["spread"])}
    for finger, fan, bend in ((2, 11, 5), (3, 1, 5), (4, -8, 7), (5, -17, 9)):
        bend = -bend * spec["curl"] + rng.uniform(-3, 3)
        sideways = rotation(dorsal, -fan * spec["spread"] + rng.uniform(-1.5, 1.5))
        pose[f"finger{finger}-1.L"] = sideways @ rotation(lateral, bend)
        pose[f"finger{finger}-2.L"] = rotation(lateral, bend * 0.9)
        pose[f"finger{finger}-3.L"] = rotation(lateral, bend * 0.5)
    h.set_pose(pose, world)
    return h


def hand(path, spec, size, samples):
    """Photograph a hand before a wall. spec: see `models.py`. Returns the focal length in mm of 35 mm film."""
    rng = np.random.default_rng(spec["seed"])
    scene.reset()
    h = _posed_hand(spec, rng)
    keep = (h.weight_of(["lowerarm", "wrist", "metacarpal", "finger"]) > 0.98) & (h.rest[:, 0] > 0)
    skin = person.build_skin(h, materials.skin(spec["tone"], spec["seed"]), keep, levels=3)
    joints = {k: h.posed(k, h.head[k]) for k in h.bones if k.startswith("finger") and k.endswith(".L")}
    _sculpt(skin, joints, rng)
    wall = [(-3, 0.075, -3), (3, 0.075, -3), (3, 0.075, 3), (-3, 0.075, 3)]
    scene.mesh_object("wall", wall, [[0, 1, 2, 3]], materials.backdrop(spec["backdrop"]))

    focal, centre = spec.get("focal", 80), np.array(spec["centre"], float)
    offset = scene.direction(spec["camera_azimuth"], spec["camera_elevation"]) * spec["frame"] * focal / 36.0
    roll = math.radians(spec["roll"])
    scene.camera(centre + offset, centre, focal, size, (math.sin(roll), 0, math.cos(roll)), fstop=10)
    light = spec["light"]
    key = scene.direction(light["azimuth"], light["elevation"])
    scene.area_light("key", centre + key * 0.8, centre, 0.3, light.get("watts", 3.6), (1, 0.97, 0.93))
    fill = np.array([-key[0], key[1], 0.1]) * 0.9
    scene.area_light("fill", centre + fill, centre, 0.6, light.get("fill", 0.8), (0.94, 0.97, 1))
    materials.room(0.30, spec["seed"])
    scene.render(path, samples, **scene.PHOTO)
    return scene.focal_35mm(focal, size)
