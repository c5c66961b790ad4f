"""Hair as strands: pinned up in a bun, clipped short, or falling down over or behind the ears."""

import math
import warnings

import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree
from mathutils.kdtree import KDTree
from scipy.ndimage import gaussian_filter, map_coordinates

_ANGLE = [0, 22, 36, 47, 56, 65, 75, 86, 100, 112, 135, 180]
_HEIGHT = [0.068, 0.066, 0.060, 0.047, 0.026, -0.002, -0.014, 0.010, 0.012, -0.004, -0.042, -0.070]


def unit(v):
    return v / (np.linalg.norm(v, axis=-1, keepdims=True) + 1e-12)


def hairline(azimuth, eye_height):
    """Height of the hairline at an azimuth about the head (0 front, pi back)."""
    return np.interp(np.degrees(np.abs(azimuth)), _ANGLE, _HEIGHT) + eye_height


def _azimuth(p):
    return np.arctan2(np.abs(p[:, 0]), -(p[:, 1] + 0.030))


def ear_centre(h):
    """Middle of the left ear in the rest pose."""
    q = h.rest[h.ear_vertices()]
    q = q[q[:, 0] > 0]
    return (q.max(0) + q.min(0)) / 2


def scalp_mask(h, p, jitter=0.0):
    """Which rest-pose points carry hair."""
    jitter = jitter + 0.0035 * np.sin(p[:, 0] * 310) * np.sin(p[:, 1] * 270 + p[:, 2] * 190)
    eye, ear = h.head["eye.L"][2], ear_centre(h)
    at_ear = ((p[:, 1] - ear[1]) / 0.0135) ** 2 + ((p[:, 2] - ear[2]) / 0.034) ** 2 < 1
    at_ear &= np.abs(p[:, 0]) > ear[0] - 0.012
    return (p[:, 2] > hairline(_azimuth(p), eye) + jitter) & ~at_ear & (p[:, 2] > eye - 0.09)


def roots(h, n, rng, jitter=0.003, part=None, soft=0.020):
    """Random hair roots and their normals in the rest pose; thinning over `soft` metres at the hairline, denser
    along a parting."""
    ears, eye, triangles = set(h.ear_vertices()), h.head["eye.L"][2], []
    for face in h.groups["body"]:
        q = [v for v, _ in face]
        if sum(v in ears for v in q) < 2 and min(h.rest[v][2] for v in q) > eye - 0.10:
            triangles += [q[:3], [q[0], *q[2:4]]] if len(q) == 4 else [q]
    a, b, c = (h.rest[np.array(triangles)[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    area = np.linalg.norm(normal, axis=1)
    points, normals, count = [], [], 0
    while count < n:
        k = rng.choice(len(a), 3 * n, p=area / area.sum())
        u, v = rng.random((2, 3 * n))
        outside = u + v > 1
        u[outside], v[outside] = 1 - u[outside], 1 - v[outside]
        p = a[k] + u[:, None] * (b[k] - a[k]) + v[:, None] * (c[k] - a[k])
        keep = scalp_mask(h, p, rng.normal(0, jitter, len(p)))
        inside = np.clip((p[:, 2] - hairline(_azimuth(p), eye)) / soft, 0, 1)
        keep &= rng.random(len(p)) < inside**0.8 * 0.93 + 0.07
        if part is not None:
            near = (np.abs(p[:, 0] - part) < 0.011) & (p[:, 2] > eye + 0.04)
            keep &= near | (rng.random(len(p)) < 0.70)
        points.append(p[keep])
        normals.append((normal[k] / area[k][:, None])[keep])
        count += keep.sum()
    return np.concatenate(points)[:n], np.concatenate(normals)[:n]


def skull(h):
    """Centre of the head and a function from unit directions to the distance of the skull without its ears."""
    ears, centre = set(h.ear_vertices()), np.array([0, -0.028, h.head["eye.L"][2] + 0.018])
    faces = [[v for v, _ in f] for f in h.groups["body"] if not all(v in ears for v, _ in f)]
    tree = BVHTree.FromPolygons([Vector(v) for v in h.rest], faces)
    rows, columns = 61, 120
    table = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            polar, azimuth = math.pi * i / (rows - 1), 2 * math.pi * j / columns
            s = math.sin(polar)
            d = Vector((s * math.cos(azimuth), s * math.sin(azimuth), math.cos(polar)))
            hit = tree.ray_cast(Vector(centre) + d * 0.25, -d)
            table[i, j] = 0.25 - hit[3] if hit[0] else 0.09
    table[(table < 0.05) | (table > 0.125)] = np.nan  # ear holes and shoulders: filled from their neighbours
    for _ in range(40):
        bad = np.isnan(table)
        if not bad.any():
            break
        up, down = np.vstack([table[:1], table[:-1]]), np.vstack([table[1:], table[-1:]])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            mean = np.nanmean(np.stack([np.roll(table, 1, 1), np.roll(table, -1, 1), up, down]), 0)
        table[bad] = mean[bad]
    table = gaussian_filter(np.c_[table, table, table], 1.0)[:, columns : 2 * columns]
    table = np.c_[table, table[:, :1]]

    def distance(d):
        row = np.arccos(np.clip(d[..., 2], -1, 1)) / math.pi * (rows - 1)
        column = (np.arctan2(d[..., 1], d[..., 0]) % (2 * math.pi)) / (2 * math.pi) * columns
        return map_coordinates(table, [row, column], order=1, mode="nearest")

    return centre, distance


def waves(rng, n, points, degree=3):
    """Smooth random offsets (n, points, 3) that vanish at the root."""
    t, out = np.linspace(0, 1, points), np.zeros((n, points, 3))
    for k in range(1, degree + 1):
        phase = rng.random((n, 1)) * 2 * np.pi
        out += rng.normal(0, 1 / k, (n, 1, 3)) * np.sin(t * math.pi * k + phase)[:, :, None]
    return out - out[:, :1]


def _nearest(points, samples):
    tree = KDTree(len(samples))
    for i, p in enumerate(samples):
        tree.insert(Vector(p), i)
    tree.balance()
    return lambda count: [tree.find_n(Vector(p), count) for p in points]


def up(h, n, rng, bun, part=0.0, points=26):
    """Hair parted, combed to the sides above the ears and back into a bun in the direction `bun`. Two strand
    arrays, rest pose."""
    centre, distance = skull(h)
    p, normal = roots(h, n, rng, jitter=0.004, part=part)
    start, end = unit(p - centre), unit(np.array(bun, float))
    locks = 320
    lock = np.array([x[0][1] for x in _nearest(p, p[rng.choice(n, locks, replace=False)])(1)])
    side = np.where(p[:, 0] > part, 1.0, -1.0)
    front = np.clip((0.45 - start[:, 1]) / 0.7, 0, 1)[:, None]
    above = 0.12 + 0.50 * np.clip(start[:, 2] - 0.25, 0, 0.75)
    over_ear = unit(np.stack([side * 0.95, 0.02 + 0.30 * np.clip(start[:, 1] + 0.5, 0, 1), above], 1))
    middle = front * over_ear + (1 - front) * unit(start + end)
    s = np.linspace(0, 1, points)
    t = s[None, :, None]
    d = unit((1 - t) ** 2 * start[:, None] + 2 * t * (1 - t) * middle[:, None] + t * t * end)
    d = unit(d + waves(rng, locks, points)[lock] * 0.013)
    layer, swell = rng.random(n), np.abs(rng.normal(0, 1, locks))[lock] * 0.0009
    lift = 0.0003 + (0.0012 + 0.0058 * layer + swell)[:, None] * np.minimum(1, s / 0.22) ** 0.7 * (
        1 - 0.30 * s
    )
    crown = np.clip((d[:, :, 2] - 0.3) / 0.6, 0, 1) * np.minimum(1, s / 0.15)
    lift = lift + 0.007 * crown * (0.3 + 0.7 * layer)[:, None]
    strands = centre + d * (distance(d) + lift)[..., None]
    strands[:, 0] = p - normal * 0.0008
    strands += waves(rng, n, points, 5) * 0.0006
    stray = rng.random(n) < 0.02
    strands[stray] += waves(rng, stray.sum(), points, 4) * 0.005
    middle = centre + end * (float(distance(end[None])[0]) + 0.018)
    return [strands, _bun(middle, end, n // 5, points, rng)]


def _bun(middle, axis, n, points, rng):
    """Strands wound around a torus."""
    x = unit(np.cross(axis, (0, 0, 1.0)))
    y, t = np.cross(axis, x), np.linspace(0, 1, points)
    around = rng.random((n, 1)) * 2 * np.pi + t * 2.4
    twist = rng.random((n, 1)) * 2 * np.pi + t * rng.uniform(3.2, 3.8, (n, 1))
    radius = 0.0165 * np.sqrt(rng.uniform(0.75, 1.05, (n, 1)))
    ring = np.cos(around)[..., None] * x + np.sin(around)[..., None] * y
    out = middle + ring * (0.0175 + radius * np.cos(twist))[..., None]
    out = out + axis * (radius * np.sin(twist) * 1.05)[..., None]
    return out + waves(rng, n, points, 4) * 0.0012


def buzz(h, n, rng, length=0.007, points=5):
    """Clipped hair in the rest pose."""
    p, normal = roots(h, n, rng, jitter=0.005)
    t, down = np.linspace(0, 1, points)[None, :, None], np.array([0, 0.35, -0.5])
    d = unit(normal * 0.75 + down + rng.normal(0, 0.18, (n, 3)))
    length = length * rng.uniform(0.6, 1.1, (n, 1, 1))
    return [p[:, None] - normal[:, None] * 0.0005 + d[:, None] * t * length + down * 0.25 * length * t * t]


def _guides(h, n, rng, surface, length, part, tuck, points):
    """Guide strands grown step by step in the posed space, pushed out of skin and cloth."""
    p0, normal = roots(h, n, rng, 0.002)
    head = h.matrix["head"]
    turn, back_to_rest = head[:3, :3], np.linalg.inv(head)
    eye, ear = h.head["eye.L"][2], ear_centre(h)
    side = np.where(p0[:, 0] > part * (p0[:, 1] < 0.03), 1, -1)
    out = np.zeros((n, points, 3))
    for i in range(n):
        step = (length * rng.uniform(0.88, 1.05) + max(0, p0[i, 2] - eye)) / (points - 1)
        p = out[i, 0] = h.posed("head", p0[i] - normal[i] * 0.0008)
        d = turn @ (normal[i] * 0.35 + np.array([side[i] * 0.9, 0.10, 0.0]))
        layer = 0.003 + 0.010 * rng.random()
        for k in range(1, points):
            q = (back_to_rest @ np.append(p, 1))[:3]
            at_ear = q[2] < eye + 0.045 and q[1] < ear[1] + 0.022 and q[2] > eye - 0.05
            back = 1.6 if tuck and at_ear else 0.0
            top = np.clip((q[2] - (eye + 0.045)) / 0.05, 0, 1)
            wish = np.array([0, 0, -1.0]) + turn @ np.array([side[i] * 0.75 * top, back + 0.16, 0.0])
            d = unit(0.62 * unit(d) + 0.38 * wish)
            p = p + d * step
            gap = layer * min(1, k / 4) + 0.0008
            hit, hit_normal, _, _ = surface.find_nearest(Vector(p))
            if hit is not None:
                hit_normal = np.array(hit_normal)
                depth = (p - np.array(hit)) @ hit_normal
                if depth < gap:
                    p = p + hit_normal * (gap - depth)
                    d = d - min(0, d @ hit_normal) * hit_normal
            out[i, k] = p
    for _ in range(3):
        out[:, 1:-1] = 0.25 * out[:, :-2] + 0.5 * out[:, 1:-1] + 0.25 * out[:, 2:]
    return p0, side, out


def down(h, n, rng, surface, length=0.34, part=0.012, tuck=True, wave=0.35, points=40):
    """Long hair with a parting, tucked behind the ears or covering them. surface: BVH tree of posed skin and
    cloth. Strands are in the posed space."""
    guide_root, guide_side, guides = _guides(h, 460, rng, surface, length, part, tuck, points)
    p, normal = roots(h, n, rng, part=part, soft=0.008)
    side = np.where(p[:, 0] > part * (p[:, 1] < 0.03), 1, -1)
    start = h.posed("head", p) - (normal @ h.matrix["head"][:3, :3].T) * 0.0008
    out, t = np.zeros((n, points, 3)), np.linspace(0, 1, points)[None, :, None]
    for s in (1, -1):
        own, mine = np.where(guide_side == s)[0], np.where(side == s)[0]
        found = _nearest(p[mine], guide_root[own])(3)
        index = own[np.array([[x[1] for x in f] for f in found])]
        weight = 1 / (np.array([[x[2] for x in f] for f in found]) + 0.003) ** 2
        weight /= weight.sum(1, keepdims=True)
        relative = guides - guides[:, :1]
        strand = start[mine][:, None] + sum(
            weight[:, k, None, None] * relative[index[:, k]] for k in range(3)
        )
        clump = np.clip(t * 1.6, 0, 1) ** 1.3 * 0.62
        target = guides[index[:, 0]] + rng.normal(0, 0.0028, (len(mine), 1, 3))
        out[mine] = strand * (1 - clump) + target * clump
    phase = rng.random((n, 1)) * 0.8 + (np.sin(p[:, :1] * 90) + np.sin(p[:, 1:2] * 70)) * 2
    t = np.linspace(0, 1, points)[None]
    size = wave * 0.010 * np.clip(t * 2 - 0.35, 0, 1)
    out[..., 0] += size * np.sin(t * 22 + phase) * np.sign(out[..., 0])
    out[..., 1] += 0.7 * size * np.cos(t * 22 + phase)
    out += waves(rng, n, points, 6) * 0.0011
    stray = rng.random(n) < 0.02
    out[stray] += waves(rng, stray.sum(), points, 4) * 0.008
    for strand in out:  # push out of the skin what the blending pulled in
        for k in range(3, points, 3):
            hit, hit_normal, _, _ = surface.find_nearest(Vector(strand[k]), 0.006)
            if hit is not None:
                depth = (strand[k] - np.array(hit)) @ np.array(hit_normal)
                if depth < 0.0012:
                    strand[k - 1 : k + 2] += np.array(hit_normal) * (0.0014 - depth)
    return [out]
