"""The pieces. Each function builds one piece at the origin and returns its Blender objects.

Sizes are in millimetres at the interface, metres inside. Local axes: earrings hang along -z and face -y; rings,
bangles and watches go around z with their front at -y; necklaces lie in the xz plane facing -y.
"""

import math

import numpy as np

from . import materials as mat
from .scene import mesh_object
from .shapes import (
    box,
    brilliant,
    chain_link,
    circle,
    disc,
    merge,
    moved,
    pear,
    pear_outline,
    repeated,
    resampled,
    revolved,
    rot_x,
    rot_y,
    rot_z,
    rounded_rect,
    sphere,
    spline,
    sweep,
    torus,
    tube,
    turns,
)

MM = 0.001


def _object(name, shape, material, smooth=True):
    return mesh_object(name, *shape, material, smooth)


def _around(radius, section):
    """A section (radial, axial) turned about z at a radius."""
    profile = np.asarray(section) + (radius, 0)
    return revolved(profile, 240, closed=True)


# ------------------------------------------------------------------------------------------------ earrings


def hoop(metal, diameter, wire):
    """A round hoop that hangs from its top."""
    r = diameter / 2 * MM
    return [_object("hoop", moved(torus(r, wire / 2 * MM, 192, 28), by=(0, 0, -r)), mat.metal(metal))]


def pearl_stud(metal, diameter, color="#f3ebe0"):
    """A pearl in a small cup, with its post to the back."""
    r = diameter / 2 * MM
    cup = [(0, 0), (r * 0.45, -0.0002), (r * 0.5, 0.0009), (r * 0.44, 0.0009), (0, 0.0003)]
    cup = moved(revolved(cup, 48), rot_x(90), (0, -0.0002, 0))
    post = tube([(0, 0, 0), (0, 0.009, 0)], 0.0004, 12)
    ball = moved(sphere(r, 96, 64), by=(0, -r * 0.92, 0))
    return [_object("pearl", ball, mat.pearl(color)), _object("cup", merge(cup, post), mat.metal(metal))]


def stone_stud(metal, stone, diameter):
    """A round brilliant in four prongs."""
    r = diameter / 2 * MM
    parts = [tube([(0, 0, 0), (0, 0.009, 0)], 0.0004, 12)]
    parts.append(moved(torus(0.45 * r, 0.00035, 64, 12), by=(0, -0.0006, 0)))
    girdle = -(0.86 * r + 0.0006)
    for k in range(4):
        a = math.pi / 4 + k * math.pi / 2
        path = [
            (0.40, -0.0004),
            (0.80, girdle * 0.6),
            (1.05, girdle),
            (1.0, girdle - 0.0006),
            (0.78, girdle - 0.0011),
        ]
        points = [(s * r * math.cos(a), y, s * r * math.sin(a)) for s, y in path]
        parts.append(tube(spline(points, 24), 0.00042, 12, np.r_[np.ones(20), 0.95, 0.9, 0.75, 0.4]))
    gem = moved(brilliant(diameter * MM), rot_x(90), (0, girdle, 0))
    return [
        _object("setting", merge(*parts), mat.metal(metal)),
        _object("stone", gem, mat.gem(stone), smooth=False),
    ]


def drop(metal, stone, width, height):
    """A pear-shaped stone in a grained bezel on an ear wire."""
    top = -0.0115 - height / 2 * MM
    wire = [(0, 0.0075, -0.005), (0, 0.0072, 0.001), (0, 0.0038, 0.0046), (0, 0.0003, 0.0022)]
    wire = tube(spline(wire + [(0, -0.0012, -0.0035), (0, -0.0006, -0.0085)], 80), 0.00045, 14)
    outline = pear_outline(width * MM, height * MM, 160)
    path = np.c_[outline[:, 0] * 1.03, np.zeros(160), outline[:, 1] * 1.03]
    bezel = moved(sweep(path, rounded_rect(0.0016, 0.0007, 0.0002, 3), up=(0, 1, 0)), by=(0, -0.0011, top))
    ring = moved(torus(0.0012, 0.00035, 40, 12), rot_z(90), (0, -0.0008, -0.0098))
    grain = sphere(0.0004, 16, 10)
    grains = [moved(grain, by=(1.16 * x, -0.0012, top + 1.12 * y)) for x, y in outline[::5]]
    gem = moved(pear(width * MM, height * MM), rot_x(90), (0, -0.0012, top))
    return [
        _object("mount", merge(wire, bezel, ring, *grains), mat.metal(metal)),
        _object("stone", gem, mat.gem(stone), smooth=False),
    ]


# --------------------------------------------------------------------------------------------------- rings


def band(metal, inner, width, thickness=1.7):
    """A plain wedding band."""
    section = rounded_rect(thickness * MM, width * MM, min(thickness, width) * 0.42 * MM, 8)
    return [_object("band", _around((inner / 2 + thickness / 2) * MM, section), mat.metal(metal))]


def solitaire(metal, stone, inner, diameter):
    """A round stone in six prongs on a slim shank."""
    shank = _around(inner / 2 * MM + 0.0009, rounded_rect(0.0018, 0.0021, 0.0008, 8))
    base, height, r = -(inner / 2 * MM + 0.0016), diameter * MM * 0.62, diameter / 2 * MM
    girdle, parts = base - height, [shank]
    for k in range(6):
        a = math.pi / 6 + k * math.pi / 3
        path = [(0.25, base + 0.0003), (0.70, base - height / 2), (1.02, girdle + 0.0001)]
        path += [(1.0, girdle - 0.0007), (0.80, girdle - 0.00125)]
        points = [(s * r * math.cos(a), y, s * r * math.sin(a)) for s, y in path]
        parts.append(tube(spline(points, 24), 0.00048, 12, np.r_[np.ones(20), 0.97, 0.9, 0.75, 0.4]))
    parts.append(moved(torus(0.60 * r, 0.00042, 64, 12), by=(0, base - height * 0.38, 0)))
    gem = moved(brilliant(diameter * MM), rot_x(90), (0, girdle, 0))
    return [
        _object("shank", merge(*parts), mat.metal(metal)),
        _object("stone", gem, mat.gem(stone), smooth=False),
    ]


# ----------------------------------------------------------------------------------------------- necklaces


def hanging_curve(width, depth, n=1200):
    """How an open necklace lies: a catenary-like U in the xz plane, from one end to the other (metres)."""
    x, k = np.linspace(-1, 1, n), 2.2
    z = (np.cosh(k * x) - 1) / (math.cosh(k) - 1)
    return np.c_[x * width / 2, 0 * x, (z - 1) * depth]


def _facing_camera(n):
    return np.tile([0, -1.0, 0], (n, 1))


def cable_chain(metal, curve, length=3.0, width=2.2, wire=0.42):
    """Oval links, turned 45 degrees to either side in turn."""
    points = resampled(curve, False, (length - 2.1 * wire) * MM)
    shape = chain_link(length * MM, width * MM, wire * MM, 28, 10)
    chain = repeated(points, _facing_camera(len(points)), shape, False, alternate=45)
    return [_object("chain", chain, mat.metal(metal))]


def curb_chain(metal, curve, normals, closed, length=9.0, width=7.0, wire=0.95):
    """Flat links that overlap like scales."""
    points = resampled(curve, closed, (length - 3.7 * wire) * MM)
    at = np.linspace(0, len(curve) - 1, len(points)).round().astype(int)
    shape = chain_link(length * MM, width * MM, wire * MM)
    return [
        _object("curb", repeated(points, np.asarray(normals)[at], shape, closed, base=38), mat.metal(metal))
    ]


def pearl_strand(curve, diameter, color="#f3ebe0"):
    """Round pearls, nearly touching."""
    points = resampled(curve, False, diameter * 1.02 * MM)
    ball = sphere(diameter / 2 * MM, 40, 28)
    return [_object("pearls", merge(*[moved(ball, by=p) for p in points]), mat.pearl(color))]


def pendant(kind, metal, at, stone="sapphire"):
    """A pendant whose bail hangs on the point `at`. kind: disc (with a small diamond), drop or heart."""
    bail = moved(torus(0.0022, 0.0005, 48, 12), rot_z(90), (0, 0, -0.0006))
    gem = None
    if kind == "disc":
        centre = (0, 0, -0.0118)
        plate = moved(disc(0.0085, 0.0013), rot_x(90), centre)
        rim = moved(torus(0.0083, 0.0005, 128, 12), by=(0, -0.0006, -0.0118))
        seat = moved(torus(0.0020, 0.00035, 48, 10), by=(0, -0.0009, -0.0118))
        shape = merge(bail, plate, rim, seat)
        gem = moved(brilliant(0.0035), rot_x(90), (0, -0.0012, -0.0118)), "diamond"
    elif kind == "drop":
        width, height = 0.010, 0.015
        centre, outline = -0.0032 - height / 2, pear_outline(width, height, 160)
        path = np.c_[outline[:, 0] * 1.03, np.zeros(160), outline[:, 1] * 1.03]
        bezel = sweep(path, rounded_rect(0.002, 0.0008, 0.00025, 3), up=(0, 1, 0))
        shape = merge(bail, moved(bezel, by=(0, 0, centre)))
        gem = moved(pear(width, height), rot_x(90), (0, -0.0004, centre)), stone
    elif kind == "heart":
        t = turns(160)
        x = 16 * np.sin(t) ** 3
        z = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t) - 5
        path = np.c_[x, 0 * x, z] * 0.00058 + (0, 0, -0.0074)
        # A jump ring from the bail to the notch.
        ring = np.c_[0.0011 * np.sin(t), 0 * t, 0.0029 * np.cos(t)] + (0, 0, -0.0054)
        ring = sweep(ring, circle(0.0004, 12), up=(0, 1, 0))
        shape = merge(bail, ring, sweep(path, circle(0.0010, 18), up=(0, 1, 0)))
    else:
        raise ValueError("unknown pendant " + kind)
    out = [_object("pendant", moved(shape, by=at), mat.metal(metal))]
    if gem:
        out.append(_object("pendant stone", moved(gem[0], by=at), mat.gem(gem[1]), smooth=False))
    return out


# ------------------------------------------------------------------------------------------------ the wrist


def oval(a, b, n=360):
    """A wrist-like oval (n, 2) that starts at the front (-y)."""
    t = turns(n)
    return np.c_[a * np.sin(t), -b * np.cos(t)]


def bangle(metal, inner, thickness):
    """A round solid bangle."""
    section = circle(thickness / 2 * MM, 40)
    return [_object("bangle", _around((inner / 2 + thickness / 2) * MM, section), mat.metal(metal))]


def curb_bracelet(metal, length, link=9.0, width=7.0, wire=1.0):
    """A closed curb-chain bracelet of a length, in the shape of a wrist."""
    loop = oval(0.031, 0.026)
    closed = np.vstack([loop, loop[:1]])
    loop = loop * length * MM / np.linalg.norm(np.diff(closed, axis=0), axis=1).sum()
    outward = loop / np.linalg.norm(loop, axis=1)[:, None]
    zero = np.zeros(len(loop))
    return curb_chain(metal, np.c_[loop, zero], np.c_[outward, zero], True, link, width, wire)


def watch(metal, strap, dial, marks, case=34.0, strap_width=16.0):
    """A three-hand wrist watch on a leather strap, the dial at -y and twelve o'clock at +x."""
    loop, r, height = oval(0.031, 0.025), case / 2 * MM, 0.0075
    back = loop[:, 1].min() - 0.0008
    face = back - height
    to_front = rot_x(90)
    profile = [
        (0, 0),
        (0.90, 0),
        (0.97, 0.0012),
        (1, 0.003),
        (1, 0.0055),
        (0.97, height),
        (0.88, height + 0.0004),
    ]
    profile += [(0.85, height - 0.0004), (0.85, height - 0.0014), (0, height - 0.0014)]
    parts = [moved(revolved([(s * r, h) for s, h in profile], 160), to_front, (0, back, 0))]
    crown = [(0, 0), (0.0024, 0), (0.0027, 0.0006), (0.0027, 0.0030), (0.0022, 0.0036), (0, 0.0036)]
    crown = moved(revolved(crown, 32), rot_y(90), (r - 0.0003, back - height / 2, 0))
    parts.append(moved(crown, rot_y(-90)))
    for sx in (1, -1):
        for sz in (1, -1):
            lug = [(0.80, back - 0.0048, 0.42), (1.06, back - 0.0036, 0.46), (1.24, back + 0.001, 0.46)]
            parts.append(tube(spline([(sx * r * x, y, sz * r * z) for x, y, z in lug], 18), 0.0014, 12))
    plate = moved(disc(r * 0.85, 0.0003), to_front, (0, face + 0.0013, 0))
    glass = moved(
        revolved([(0, 0.0006), (r * 0.5, 0.0005), (r * 0.85, 0)], 96), to_front, (0, face + 0.0003, 0)
    )
    zero = np.zeros(len(loop))
    band_shape = sweep(np.c_[loop, zero], rounded_rect(strap_width * MM, 0.0026, 0.0009, 4), up=(0, 0, 1))
    return [
        _object("strap", band_shape, mat.leather(strap)),
        _object("stitches", _stitches(loop, strap_width * MM), mat.plain("thread", "#cdbfa8", 0.8)),
        _object("case", merge(*parts), mat.metal(metal)),
        _object("dial", plate, mat.plain("dial", dial, 0.32, 0.15)),
        _object(
            "marks", _marks_and_hands(r, face + 0.0010), mat.plain("marks", marks, 0.25, 0.7), smooth=False
        ),
        _object("crystal", glass, mat.crystal()),
    ]


def _marks_and_hands(r, y):
    """Hour marks, minute track and hands at ten past ten."""
    out = []
    for k in range(60):
        a = math.radians(6 * k)
        length, width = (
            (0.0030, 0.0009) if k % 15 == 0 else (0.0019, 0.0006) if k % 5 == 0 else (0.0006, 0.00022)
        )
        at = 0.70 if k % 5 == 0 else 0.80
        out.append(
            moved(box(width, 0.0003, length), rot_y(6 * k), (math.sin(a) * r * at, y, math.cos(a) * r * at))
        )
    for angle, length, width, lift in (
        (305, 0.46, 0.0010, 4),
        (60, 0.64, 0.0007, 5),
        (215, 0.72, 0.00028, 6),
    ):
        a, length = math.radians(angle), length * r
        by = (math.sin(a) * length * 0.42, y - lift * MM / 10, math.cos(a) * length * 0.42)
        out.append(moved(box(width, 0.0002, length), rot_y(angle), by))
    out.append(moved(sphere(0.0009, 24, 16), by=(0, y - 0.0004, 0)))
    return moved(merge(*out), rot_y(-90))


def _stitches(loop, width):
    """Short threads along both edges of the strap."""
    zero = np.zeros(len(loop))
    points = resampled(np.c_[loop, zero], True, 0.0030)
    tangent = np.roll(points, -1, 0) - np.roll(points, 1, 0)
    tangent /= np.linalg.norm(tangent, axis=1)[:, None]
    outward = np.cross(tangent, (0, 0, 1.0))
    out = []
    for p, t, n in zip(points, tangent, outward):
        for side in (1, -1):
            middle = p + n * 0.00125 + np.array([0, 0, side * (width / 2 - 0.0015)])
            ends = (
                middle
                + np.outer([-1, -0.7, 0, 0.7, 1], t) * 0.0009
                + np.outer([-0.3, 0.6, 1, 0.6, -0.3], n) * 0.0002
            )
            out.append(tube(ends, 0.00022, 8))
    return merge(*out)
