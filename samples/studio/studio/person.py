"""Skin mesh with painted zones, eyeballs, lashes and brows of a posed `Human`."""

import math

import numpy as np
from mathutils import Vector

from . import materials
from .hair import hairline, scalp_mask
from .scene import hair_object, mesh_object

NOSE_TIP, CHIN, FOREHEAD = 297, 5225, 244  # vertices of the base mesh
IRIS_RATIO = 0.0059 / 0.0120  # iris radius to eyeball radius


def unit(v):
    """Vectors scaled to length 1 along the last axis."""
    v = np.asarray(v, float)
    return v / (np.linalg.norm(v, axis=-1, keepdims=True) + 1e-12)


def spot(points, centre, sigma):
    """A round soft spot: 1 at the centre."""
    return np.exp(-((points - np.asarray(centre)) ** 2).sum(1) / (2 * sigma * sigma))


def zones(h):
    """Per-vertex values in the rest pose that the skin material reads: flushed and oily places, hair roots,
    and at each finger joint the strength of its folds and the signed distance along the finger."""
    p, eye = h.rest, h.head["eye.L"]
    nose = p[NOSE_TIP]
    red, oil = np.zeros(len(p)), np.zeros(len(p))
    for s in (1, -1):
        red += 0.75 * spot(p, (s * 0.046, nose[1] + 0.035, nose[2] + 0.002), 0.017)  # cheeks
        red += 0.55 * spot(p, (s * 0.0735, -0.035, nose[2] + 0.008), 0.020)  # ears
        red += 0.35 * spot(p, (s * 0.012, nose[1] + 0.01, nose[2]), 0.006)  # nostrils
        oil += 0.6 * spot(p, (s * 0.05, eye[1] - 0.005, eye[2] - 0.02), 0.013)
    red += 0.6 * spot(p, nose, 0.011) + 0.35 * spot(p, p[CHIN], 0.013)
    oil += spot(p, nose, 0.014) + 0.8 * spot(p, p[FOREHEAD], 0.026) + 0.5 * spot(p, p[CHIN], 0.012)
    fold, position = np.zeros(len(p)), np.zeros(len(p))
    for side in "LR":
        for finger in range(1, 6):
            for joint in (2, 3):
                bone = f"finger{finger}-{joint}.{side}"
                axis = unit(h.tail[bone] - h.head[bone])
                along = (p - h.head[bone]) @ axis
                radius = np.linalg.norm(p - h.head[bone] - along[:, None] * axis, axis=1)
                w = np.exp(-((along / 0.0042) ** 2)) * (radius < 0.016)
                stronger = w > fold
                fold[stronger], position[stronger] = w[stronger], along[stronger]
                red += 0.45 * np.exp(-((along / 0.006) ** 2)) * (radius < 0.014)
            red += 0.5 * spot(p, h.tail[f"finger{finger}-3.{side}"], 0.010)
            red += 0.3 * spot(p, h.head[f"finger{finger}-1.{side}"], 0.012)
    azimuth = np.arctan2(np.abs(p[:, 0]), -(p[:, 1] + 0.030))
    scalp = np.clip((p[:, 2] - hairline(azimuth, eye[2]) - 0.004) / 0.026, 0, 1)
    scalp *= (p[:, 2] > eye[2] - 0.09) & scalp_mask(h, p, -0.004)
    scalp[h.ear_vertices()] = 0
    red, oil = np.clip(red, 0, 1), np.clip(oil, 0, 1)
    return dict(scalp=scalp, red=red, oil=oil, fold=fold, fold_position=position)


def build_skin(h, material, keep, levels=2):
    """The subdivided skin of the vertices in the mask `keep`."""
    faces = [f for f in h.groups["body"] if all(keep[v] for v, _ in f)]
    used = sorted({v for f in faces for v, _ in f})
    new = {v: i for i, v in enumerate(used)}
    attributes = {k: a[used] for k, a in zones(h).items()}
    attributes["rest"] = h.rest[used]
    uvs = [h.uv[t] for f in faces for _, t in f]
    ob = mesh_object(
        "skin", h.v[used], [[new[v] for v, _ in f] for f in faces], material, uvs=uvs, attributes=attributes
    )
    modifier = ob.modifiers.new("subdivide", "SUBSURF")
    modifier.levels = modifier.render_levels = levels
    modifier.use_limit_surface = True
    return ob


def add_eyes(h, iris):
    """Two eyeballs with a corneal bulge. Returns their centres in the rest pose."""
    material = materials.eye(iris, IRIS_RATIO)
    columns, rows = 64, 48
    polar, azimuth = np.pi * np.arange(rows + 1) / rows, 2 * np.pi * np.arange(columns) / columns
    sphere = np.stack(
        [
            np.outer(np.sin(polar), np.cos(azimuth)),
            np.outer(np.sin(polar), np.sin(azimuth)),
            np.outer(np.cos(polar), np.ones(columns)),
        ],
        -1,
    ).reshape(-1, 3)
    faces = [
        [j * columns + i, j * columns + k, (j + 1) * columns + k, (j + 1) * columns + i]
        for j in range(rows)
        for i, k in ((i, (i + 1) % columns) for i in range(columns))
    ]
    r = np.hypot(sphere[:, 0], sphere[:, 1]) / (IRIS_RATIO * 1.12)
    bulge = np.where(sphere[:, 2] > 0, np.clip(1 - r**2, 0, 1) ** 0.8 * 0.07, 0)
    ball = sphere * (1 + bulge[:, None])
    centres = {}
    for side in "LR":
        socket = h.rest[h.named[f"helper-{side.lower()}-eye"]]
        low, high = socket.min(0), socket.max(0)
        radius = (high - low)[[0, 2]].mean() / 2
        gaze = unit(h.tail["eye." + side] - h.head["eye." + side])
        gaze = unit(gaze * (0.2, 1, 1))
        x = unit(np.cross((0, 0, 1.0), gaze))
        frame = np.stack([x, np.cross(gaze, x), gaze], 1)
        points = (low + high) / 2 + (ball * radius * 0.965) @ frame.T
        mesh_object(
            "eye." + side, h.posed("head", points), faces, material, attributes=dict(eye_position=sphere)
        )
        centres[side] = (low + high) / 2
    return centres


def _lashes(h, side, centre, upper, rng):
    """Lash strands (n, 7, 3) of one lid in the rest pose."""
    s = 1 if side == "L" else -1
    q = h.rest[h.named[f"helper-{side.lower()}-eyelashes-{2 if upper else 1}"]]
    distance, x = np.linalg.norm(q - centre, axis=1), q[:, 0] * s
    edges, roots = np.linspace(x.min(), x.max(), 16), []
    for a, b in zip(edges[:-1], edges[1:]):  # roots are the vertices closest to the eyeball
        inside = np.where((x >= a - 1e-4) & (x <= b + 1e-4))[0]
        if len(inside) >= 2:
            roots.append(q[inside[np.argmin(distance[inside])]])
    roots, n = np.array(roots), 75 if upper else 45
    u = np.sort(rng.random(n)) * 0.82 + 0.15
    t = np.linspace(0, 1, len(roots))
    start = np.stack([np.interp(u, t, roots[:, k]) for k in range(3)], 1)
    length = 0.0076 if upper else 0.0040
    length = (
        length * (0.45 + 0.55 * np.sin(np.pi * np.clip(u * 0.85 + 0.12, 0, 1))) * (0.75 + 0.5 * rng.random(n))
    )
    fan = np.stack([s * (u - 0.35) * 0.8, np.zeros(n), np.zeros(n)], 1)
    out = unit(unit(start - centre) * 0.8 + np.array([0, -0.35, 0]) + fan)
    up = np.array([0, 0, 0.81 if upper else -0.54])
    k = np.linspace(0, 1, 7)[None, :, None]
    curve = out[:, None] * (k - 0.25 * k * k) + up * (0.15 * k + 0.55 * k * k)
    return start[:, None] + length[:, None, None] * curve + rng.normal(0, 0.00012, (n, 1, 3)) * k


def _brow(side, centre, surface, rng, density):
    """Brow strands (n, 5, 3) laid on the face from the front, in the rest pose."""
    s, n = (1 if side == "L" else -1), int(620 * density)
    arch = [(-0.0145, 0.0155), (-0.006, 0.0190), (0.006, 0.0222), (0.0155, 0.0212), (0.0245, 0.0150)]
    t, knots = np.linspace(0, 1, 60), np.linspace(0, 1, 5)
    smooth = [np.pad(np.interp(t, knots, c), 6, mode="edge") for c in np.array(arch).T]
    smooth = [np.convolve(c, np.ones(13) / 13, "valid") for c in smooth]

    def at(v):
        return np.stack([np.interp(v, t, c) for c in smooth], 1)

    u = rng.random(n) ** 0.9
    tangent = unit(at(np.clip(u + 0.02, 0, 1)) - at(np.clip(u - 0.02, 0, 1)))
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], 1)
    across = rng.normal(0, 0.45, n).clip(-1.15, 1.15)
    root = at(u) + normal * (across * 0.0046 * np.interp(u, [0, 0.12, 0.5, 1], [0.6, 1, 0.85, 0.22]))[:, None]
    angle = np.interp(u, [0, 0.15, 0.5, 1], [65, 40, 12, -4]) - across * 22 + rng.normal(0, 8, n)
    angle = np.radians(angle)[:, None]
    direction = tangent * np.cos(angle) + normal * np.sin(angle)
    length = 0.0072 * (0.6 + 0.6 * rng.random(n)) * np.interp(u, [0, 0.3, 1], [0.8, 1, 0.7])
    strands = []
    for i in range(n):
        points = []
        for k in np.linspace(0, 1, 5):
            x, z = root[i] + direction[i] * length[i] * k
            hit, hit_normal, _, _ = surface.ray_cast(
                Vector((centre[0] + s * x, -0.35, centre[2] + z)), Vector((0, 1, 0))
            )
            if hit is None:
                break
            lift = 0.0004 + 0.00055 * math.sin(min(1, k * 1.1) * math.pi * 0.75)
            points.append(np.array(hit) + np.array(hit_normal) * lift)
        if len(points) == 5:
            strands.append(points)
    return np.array(strands)


def add_lashes_and_brows(h, surface, centres, brow_material, rng, density=1.0):
    """surface: BVH tree of the rest-pose skin; centres: from `add_eyes`."""
    lashes = [_lashes(h, side, centres[side], upper, rng) for side in "LR" for upper in (True, False)]
    brows = [_brow(side, centres[side], surface, rng, density) for side in "LR"]
    ink = materials.plain("lash", "#0c0806")
    hair_object("lashes", h.posed("head", np.concatenate(lashes)), 0.00008, 0.00002, ink)
    hair_object("brows", h.posed("head", np.concatenate(brows)), 0.000042, 0.000010, brow_material)
