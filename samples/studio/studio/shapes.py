"""Mesh building blocks in numpy. A shape is a pair (vertices, faces), in metres."""

import math

import bmesh
import numpy as np
from scipy.interpolate import CubicSpline


def merge(*shapes):
    """Several shapes as one."""
    vertices, faces, offset = [], [], 0
    for v, f in shapes:
        vertices.append(np.asarray(v, float))
        faces += [[i + offset for i in q] for q in f]
        offset += len(v)
    return np.concatenate(vertices), faces


def moved(shape, rotation=None, by=(0, 0, 0)):
    """A shape rotated (3x3), then translated."""
    v, f = shape
    if rotation is not None:
        v = v @ np.asarray(rotation, float).T
    return v + np.asarray(by, float), f


def rot_x(degrees):
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def rot_y(degrees):
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def rot_z(degrees):
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def turns(n):
    """n angles around the circle."""
    return np.linspace(0, 2 * np.pi, n, endpoint=False)


def _grid_faces(rows, columns, closed_rows, closed_columns):
    faces = []
    for i in range(rows if closed_rows else rows - 1):
        k = (i + 1) % rows
        for j in range(columns if closed_columns else columns - 1):
            m = (j + 1) % columns
            faces.append([i * columns + j, k * columns + j, k * columns + m, i * columns + m])
    return faces


def circle(radius, n=16):
    """A round section."""
    a = turns(n)
    return np.c_[radius * np.cos(a), radius * np.sin(a)]


def rounded_rect(width, height, radius, n=4):
    """A rectangular section with round corners."""
    out, w, h = [], width / 2 - radius, height / 2 - radius
    for cx, cy, start in ((w, h, 0), (-w, h, 90), (-w, -h, 180), (w, -h, 270)):
        a = np.radians(np.linspace(start, start + 90, n + 1))
        out.append(np.c_[cx + radius * np.cos(a), cy + radius * np.sin(a)])
    return np.concatenate(out)


def sweep(path, section, closed=True, up=None, scale=None):
    """A section (m, 2) in the (normal, binormal) frame swept along a path (n, 3)."""
    p = np.asarray(path, float)
    tangent = np.roll(p, -1, 0) - np.roll(p, 1, 0) if closed else np.gradient(p, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1)[:, None] + 1e-12
    if up is None:
        normal = np.zeros_like(p)
        n = np.array([0, 0, 1.0]) if abs(tangent[0][2]) < 0.9 else np.array([1.0, 0, 0])
        for i in range(len(p)):
            n = n - tangent[i] * (n @ tangent[i])
            n /= np.linalg.norm(n)
            normal[i] = n
    else:
        normal = np.broadcast_to(np.asarray(up, float), p.shape)
        normal = normal - tangent * (normal * tangent).sum(1)[:, None]
        normal = normal / (np.linalg.norm(normal, axis=1)[:, None] + 1e-12)
    binormal, s = np.cross(tangent, normal), np.asarray(section, float)
    size = np.ones(len(p)) if scale is None else np.asarray(scale)
    offset = normal[:, None] * s[None, :, :1] + binormal[:, None] * s[None, :, 1:]
    vertices = (p[:, None] + size[:, None, None] * offset).reshape(-1, 3)
    faces, m = _grid_faces(len(p), len(s), closed, True), len(s)
    if not closed:
        faces += [list(range(m))[::-1], [(len(p) - 1) * m + k for k in range(m)]]
    return vertices, faces


def torus(radius, wire, n=128, m=24):
    """A ring in the xz plane."""
    a = turns(n)
    return sweep(np.c_[radius * np.sin(a), 0 * a, radius * np.cos(a)], circle(wire, m), up=(0, 1, 0))


def revolved(profile, n=64, closed=False):
    """A profile of (radius, height) points turned about the z axis."""
    p, a = np.asarray(profile, float), turns(n)
    x, y = np.outer(np.cos(a), p[:, 0]), np.outer(np.sin(a), p[:, 0])
    vertices = np.stack([x, y, np.broadcast_to(p[:, 1], x.shape)], -1).reshape(-1, 3)
    return vertices, _grid_faces(n, len(p), True, closed)


def sphere(radius, n=48, m=32):
    a = np.linspace(0, np.pi, m)
    return revolved(np.c_[radius * np.sin(a), radius * np.cos(a)], n)


def disc(radius, thickness, bevel=0.0002, n=96):
    """A flat disc about the z axis."""
    r, h = radius, thickness / 2
    return revolved([(0, h), (r - bevel, h), (r, h - bevel), (r, bevel - h), (r - bevel, -h), (0, -h)], n)


def box(x, y, z):
    corner = np.array([(i, j, k) for i in (-0.5, 0.5) for j in (-0.5, 0.5) for k in (-0.5, 0.5)])
    faces = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    return corner * (x, y, z), faces


def spline(control, n):
    """A smooth open path through control points, n points evenly spaced."""
    c = np.asarray(control, float)
    at = np.r_[0, np.cumsum(np.linalg.norm(np.diff(c, axis=0), axis=1))]
    return CubicSpline(at, c, bc_type="natural")(np.linspace(0, at[-1], n))


def tube(path, radius, m=14, taper=None):
    """A round wire along an open path."""
    return sweep(path, circle(radius, m), closed=False, scale=taper)


def hull(points):
    """Convex hull with its flat facets joined."""
    bm = bmesh.new()
    for p in points:
        bm.verts.new(p)
    bmesh.ops.convex_hull(bm, input=bm.verts[:])
    bmesh.ops.dissolve_limit(bm, angle_limit=0.004, verts=bm.verts[:], edges=bm.edges[:])
    bm.verts.index_update()
    vertices = np.array([v.co for v in bm.verts])
    faces = [[v.index for v in f.verts] for f in bm.faces]
    bm.free()
    return vertices, faces


def brilliant(diameter):
    """A round brilliant with its table up (+z) and the girdle at z = 0."""
    r, a16, a8 = diameter / 2, turns(16), turns(8)

    def ring(angles, radius, z):
        return np.c_[radius * r * np.cos(angles), radius * r * np.sin(angles), np.full(len(angles), z * r)]

    rows = [
        ring(a8, 0.56, 0.32),
        ring(a8 + np.pi / 8, 0.80, 0.165),
        ring(a16, 1.0, 0.015),
        ring(a16, 1.0, -0.015),
        ring(a8, 0.22, -0.70),
        [(0, 0, -0.86 * r)],
    ]
    return hull(np.concatenate(rows))


def pear_outline(width, height, n):
    """Outline (x, y) of a pear shape, its point up."""
    a = turns(n)
    y = np.cos(a)
    return np.c_[np.sin(a) * width / 2 * (1 - 0.42 * np.maximum(0, y) ** 1.3), y * height / 2]


def pear(width, height):
    """A faceted pear-shaped stone, table up (+z)."""
    outline, rows = pear_outline(width, height, 28), []
    for scale, z in ((0.58, 0.17), (0.84, 0.10), (1, 0.01), (1, -0.01), (0.45, -0.26)):
        rows.append(np.c_[outline * scale, np.full(28, z * width)])
    rows.append([(0, -0.03 * height, -0.36 * width)])
    return hull(np.concatenate(rows))


def chain_link(length, width, wire, n=40, m=14):
    """One oval link along x, lying in the xy plane."""
    a, r = turns(n), width / 2 - wire
    straight = (length / 2 - wire) - r
    x = r * np.cos(a) + np.sign(np.cos(a)) * straight * (np.abs(np.cos(a)) > 1e-6)
    return sweep(np.c_[x, r * np.sin(a), 0 * a], circle(wire, m), up=(0, 0, 1))


def arc_length(curve):
    return np.linalg.norm(np.diff(curve, axis=0), axis=1).sum()


def resampled(curve, closed, pitch):
    """Points along a curve at nearly equal arc length (an even number when closed)."""
    p = np.asarray(curve, float)
    q = np.vstack([p, p[:1]]) if closed else p
    at = np.r_[0, np.cumsum(np.linalg.norm(np.diff(q, axis=0), axis=1))]
    n = max(3, int(round(at[-1] / pitch)))
    n -= n % 2 if closed else 0
    s = np.linspace(0, at[-1], n, endpoint=not closed)
    return np.stack([np.interp(s, at, q[:, k]) for k in range(3)], 1)


def repeated(curve, normals, shape, closed, alternate=0.0, base=0.0):
    """Copies of a shape (x along the curve, z along the normal), rolled by base ± alternate degrees in turn."""
    tangent = np.roll(curve, -1, 0) - np.roll(curve, 1, 0) if closed else np.gradient(curve, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1)[:, None]
    out = []
    for i, (p, t, n) in enumerate(zip(curve, tangent, normals)):
        n = n - t * (n @ t)
        n /= np.linalg.norm(n)
        frame = np.stack([t, np.cross(n, t), n], 1)
        out.append(moved(shape, frame @ rot_x(base + (alternate if i % 2 else -alternate)), p))
    return merge(*out)
