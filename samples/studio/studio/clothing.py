"""A simple top: cut from the body's tights helper, offset from the skin, with a smooth hem."""

import bmesh
import bpy
import numpy as np
from mathutils import Vector

from .scene import link


def _neckline(h, style):
    """A function of a rest-pose point, positive where there is cloth."""
    collar = h.head["clavicle.L"][2]

    def field(p):
        x, y, z = abs(p[0]), p[1], p[2]
        front = y < -0.02
        if style == "strapless":
            edge = 0.015 * (x / 0.1) ** 2 - 0.095
        elif style == "scoop":
            edge = 0.124 * (x / 0.085) ** 2.4 - 0.072 if front else 0.005 + 0.04 * (x / 0.09) ** 2
        elif style == "v":
            edge = 0.135 * (x / 0.085) ** 1.15 - 0.095 if front else 0.015 + 0.03 * (x / 0.09) ** 2
        else:
            raise ValueError("unknown top " + style)
        strap = 0.150 - x + max(0, collar - 0.06 - z) * 0.9
        return min(collar + edge - z, strap)

    return field


def _cut(bm, field):
    """Keep field > 0; edges are split where it is zero, so that the hem is a clean curve."""
    value = {v: field(v.co) for v in bm.verts}
    for edge in list(bm.edges):
        a, b = edge.verts
        if value[a] * value[b] < 0:
            t = value[a] / (value[a] - value[b])
            _, new = bmesh.utils.edge_split(edge, a, min(max(t, 0.02), 0.98))
            value[new] = 0.0
    for face in list(bm.faces):
        zero = [v for v in face.verts if value.get(v, 1) == 0.0]
        if len(zero) == 2 and not any(set(e.verts) == set(zero) for e in face.edges):
            bmesh.utils.face_split(face, *zero)
    dead = [f for f in bm.faces if sum(value.get(v, 0) for v in f.verts) < 0]
    bmesh.ops.delete(bm, geom=dead, context="FACES")
    bmesh.ops.delete(bm, geom=[v for v in bm.verts if not v.link_faces], context="VERTS")


def _drop_islands(bm):
    """Remove small loose pieces, for example under the chin."""
    todo, islands = set(bm.verts), []
    while todo:
        stack, island = [todo.pop()], []
        while stack:
            v = stack.pop()
            island.append(v)
            for edge in v.link_edges:
                other = edge.other_vert(v)
                if other in todo:
                    todo.discard(other)
                    stack.append(other)
        islands.append(island)
    largest = max(map(len, islands))
    small = [v for island in islands if len(island) < 0.3 * largest for v in island]
    bmesh.ops.delete(bm, geom=small, context="VERTS")


def _relax_hem(bm, posed, rounds):
    """Smooth the boundary along itself, in the rest and in the posed shape."""
    border = []
    for v in bm.verts:
        neighbours = [e.other_vert(v) for e in v.link_edges if e.is_boundary]
        if v.is_boundary and len(neighbours) == 2:
            border.append((v, *neighbours))
    for _ in range(rounds):
        new = [
            (v, v.co * 0.4 + (a.co + b.co) * 0.3, v[posed] * 0.4 + (a[posed] + b[posed]) * 0.3)
            for v, a, b in border
        ]
        for v, rest, pose in new:
            v.co, v[posed] = rest, pose


def add_top(h, material, style):
    """Dress the posed person. style: strapless, scoop or v."""
    arm = h.weight_of(["lowerarm", "wrist", "metacarpal", "finger"])
    faces = [[v for v, _ in f] for f in h.groups["helper-tights"] if all(arm[v] < 0.3 for v, _ in f)]
    used = sorted({v for f in faces for v in f})
    new = {v: i for i, v in enumerate(used)}
    mesh = bpy.data.meshes.new("top")
    mesh.from_pydata([tuple(v) for v in h.rest[used]], [], [[new[v] for v in f] for f in faces])
    bm = bmesh.new()
    bm.from_mesh(mesh)
    posed = bm.verts.layers.float_vector.new("posed")
    bm.verts.ensure_lookup_table()
    for v, source in zip(bm.verts, used):
        v[posed] = Vector(h.v[source])
    bmesh.ops.subdivide_edges(bm, edges=bm.edges[:], cuts=3, use_grid_fill=True, smooth=0.7)
    _cut(bm, _neckline(h, style))
    _drop_islands(bm)
    _relax_hem(bm, posed, 200)
    inner = [i for i, v in enumerate(bm.verts) if not v.is_boundary]
    bm.to_mesh(mesh)
    bm.free()
    pose, rest = np.empty(len(mesh.vertices) * 3, np.float32), np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", rest)
    mesh.attributes["posed"].data.foreach_get("vector", pose)
    mesh.attributes.new("rest", "FLOAT_VECTOR", "POINT").data.foreach_set("vector", rest)
    mesh.vertices.foreach_set("co", pose)
    mesh.update()
    mesh.polygons.foreach_set("use_smooth", np.ones(len(mesh.polygons), bool))
    mesh.materials.append(material)
    ob = link(bpy.data.objects.new("top", mesh))
    ob.vertex_groups.new(name="inner").add(inner, 1.0, "REPLACE")
    offset = ob.modifiers.new("offset", "DISPLACE")
    offset.mid_level, offset.strength = 0, 0.004
    smooth = ob.modifiers.new("smooth", "SMOOTH")
    smooth.iterations, smooth.factor, smooth.vertex_group = 14, 0.5, "inner"  # the hem stays a clean curve
    thick = ob.modifiers.new("thickness", "SOLIDIFY")
    thick.thickness, thick.offset, thick.use_rim = 0.0022, 1, True
    fine = ob.modifiers.new("subdivide", "SUBSURF")
    fine.levels = fine.render_levels = 1
    return ob
