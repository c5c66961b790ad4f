"""Portraits of people without jewelry."""

import math
import os

import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree

from . import body, clothing, hair, materials, person, scene
from .body import rotation

HAIR_COLORS = {  # melanin, redness, colour of the scalp between the strands (linear)
    "black": (0.95, 0.2, (0.010, 0.008, 0.007)),
    "darkbrown": (0.78, 0.35, (0.028, 0.016, 0.010)),
    "brown": (0.60, 0.45, (0.06, 0.033, 0.018)),
    "auburn": (0.45, 0.9, (0.10, 0.035, 0.015)),
    "blonde": (0.24, 0.35, (0.25, 0.16, 0.08)),
    "grey": (0.14, 0.05, (0.25, 0.24, 0.23)),
}
SINGLE_TARGETS = [
    "nose/nose-scale-horiz",
    "nose/nose-scale-vert",
    "nose/nose-hump",
    "nose/nose-width1",
    "chin/chin-width",
    "chin/chin-height",
    "mouth/mouth-lowerlip-volume",
    "mouth/mouth-upperlip-volume",
    "mouth/mouth-scale-horiz",
    "forehead/forehead-scale-vert",
    "neck/neck-scale-vert",
]
PAIRED_TARGETS = [
    "eyes/{}-eye-scale",
    "eyes/{}-eye-height2",
    "ears/{}-ear-scale",
    "ears/{}-ear-wing",
    "cheek/{}-cheek-bones",
    "cheek/{}-cheek-volume",
]


def face_details(rng, amount=0.45):
    """A random face: {target name: weight}, the same on both sides."""
    out = {}
    for name in SINGLE_TARGETS + PAIRED_TARGETS:
        w = rng.uniform(-1, 1) * amount
        for side in "lr" if "{}" in name else "-":
            target = name.format(side) + ("-incr" if w > 0 else "-decr")
            if os.path.exists(body.target_path(target)):
                out[target] = abs(w)
    shape = ["head/head-oval", "head/head-square", "head/head-round"][rng.integers(3)]
    out[shape] = rng.uniform(0, amount)
    for side in "lr":
        out[f"ears/{side}-ear-lobe-incr"] = 0.4
    out["expression/units/caucasian/mouth-corner-puller"] = rng.uniform(0.10, 0.30)
    return out


def tree_of(*meshes):
    """One BVH tree of several (vertices, faces)."""
    vertices, faces = [], []
    for v, f in meshes:
        faces += [[i + len(vertices) for i in q] for q in f]
        vertices += [Vector(a) for a in v]
    return BVHTree.FromPolygons(vertices, faces)


def _add_hair(h, style, color, surface, rng, count):
    melanin, redness, _ = HAIR_COLORS[color]
    material = materials.hair(melanin, redness)
    if style == "up":
        bun, part = (rng.uniform(-0.1, 0.1), 0.95, rng.uniform(-0.15, 0.1)), rng.uniform(-0.014, 0.014)
        strands = [h.posed("head", s) for s in hair.up(h, count, rng, bun, part)]
    elif style == "buzz":
        strands = [h.posed("head", s) for s in hair.buzz(h, int(count * 1.5), rng)]
    elif style in ("tucked", "covering"):
        length, part, wave = rng.uniform(0.28, 0.36), rng.uniform(-0.02, 0.02), rng.uniform(0.15, 0.6)
        strands = hair.down(h, count, rng, surface, length, part, style == "tucked", wave)
    else:
        raise ValueError("unknown hair style " + style)
    for i, s in enumerate(strands):
        scene.hair_object(f"hair {i}", s, 0.000052, 0.000016, material)


def _portrait_lights(face, light):
    """A key light where the spec wants it, a cool fill on the other side, a rim light from behind."""
    key = scene.direction(light["azimuth"], light["elevation"])
    warm = light.get("warm", 0.94)
    color, size = (1, 0.5 + warm / 2, warm), light.get("size", 0.7)
    scene.area_light("key", face + key * 1.7, face, size, light.get("watts", 32), color)
    fill = np.array([-key[0], -abs(key[1]) - 0.3, 0.15]) * 1.6
    scene.area_light("fill", face + fill, face, 1.2, light.get("fill", 6), (0.93, 0.97, 1))
    rim = np.array([-0.7 * np.sign(key[0]), 1.1, 0.6])
    scene.area_light("rim", face + rim, face, 0.5, light.get("rim", 10))


def portrait(path, spec, size, samples, hair_count=60000):
    """Head and shoulders. spec: see `models.py`. Returns the focal length in mm of 35 mm film."""
    rng = np.random.default_rng(spec["seed"])
    scene.reset()
    macro = dict(
        gender=spec.get("gender", 0.0), age=spec["age"], race=spec["race"], weight=rng.uniform(0.42, 0.55)
    )
    h = body.Human(macro, face_details(rng))
    yaw, pitch = spec["yaw"], spec.get("pitch", 0)
    tilt = rotation((0, 1, 0), spec.get("tilt", 0))
    h.set_pose(
        {
            "upperarm01.L": rotation((0, 1, 0), 36),
            "upperarm01.R": rotation((0, 1, 0), -36),
            "neck01": rotation((0, 0, 1), yaw * 0.2),
            "neck02": rotation((0, 0, 1), yaw * 0.3) @ rotation((1, 0, 0), pitch * 0.4),
            "head": rotation((0, 0, 1), yaw * 0.5) @ rotation((1, 0, 0), pitch * 0.6) @ tilt,
        }
    )
    melanin, redness, scalp = HAIR_COLORS[spec["hair_color"]]
    skin = person.build_skin(h, materials.skin(spec["tone"], spec["seed"], scalp), h.rest[:, 2] > 0.10)
    rest = BVHTree.FromPolygons([Vector(v) for v in h.rest], [[v for v, _ in f] for f in h.groups["body"]])
    eyes = person.add_eyes(h, spec["iris"])
    brows = materials.hair(max(melanin, 0.35), redness)
    person.add_lashes_and_brows(h, rest, eyes, brows, rng, 1.2 if spec.get("gender") else 1.0)
    top = clothing.add_top(h, materials.cloth(spec["cloth"]), spec["top"])
    surface = tree_of(scene.evaluated_mesh(skin), scene.evaluated_mesh(top))
    _add_hair(h, spec["hair"], spec["hair_color"], surface, rng, hair_count)

    eye = h.head["eye.L"]
    face = h.posed("head", np.array([0, eye[1] + 0.05, eye[2] - 0.013]))
    focal, frame = spec.get("focal", 80), spec.get("frame", 0.50)
    target = np.array([face[0] * 0.5, -0.05, face[2] - spec.get("drop", 0.065)])
    roll = math.radians(spec.get("roll", 0))
    offset = (
        scene.direction(spec.get("camera_azimuth", 0), spec.get("camera_elevation", 2)) * frame * focal / 36.0
    )
    scene.camera(target + offset, target, focal, size, (math.sin(roll), 0, math.cos(roll)), fstop=7)
    _portrait_lights(face, spec["light"])
    materials.room(spec["light"].get("room", 0.34), spec["seed"], spec["backdrop"])
    scene.render(path, samples, **scene.PHOTO)
    return scene.focal_35mm(focal, size)
