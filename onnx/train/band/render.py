"""Renders people that no bench measures, bare and with real jewelry on: the scenes that `parure accuracy --seam --pairs` reads.

    STUDIO/.venv/bin/pip install pillow==13.0.0
    STUDIO/.venv/bin/python render.py STUDIO OUT --from 0 --to 400 [--lights 2] [--samples 9]

STUDIO: the studio that rendered the scenes of the benches (Blender's Cycles, persons, draped jewelry). Person K is drawn from a
generator seeded with K: skin, build, hair, dress, pose, camera, jewelry. Each stands in several lights, and only the part of the
picture around the jewelry is rendered in full; the rest, from which the program tells light, is coarse. A scene that is there
already is left as it is. What a piece is made of the program tells from a product picture: one of the samples of its kind.
"""
import argparse
import json
import math
import os
import shutil
import sys

import numpy as np
from PIL import Image, ImageFilter

ap = argparse.ArgumentParser()
ap.add_argument("studio")
ap.add_argument("out")
ap.add_argument("--from", dest="first", type=int, default=0)
ap.add_argument("--to", type=int, default=10)
ap.add_argument("--step", type=int, default=1, help="2: hands alone from an even person on, heads alone from an odd one on")
ap.add_argument("--lights", type=int, default=2)
ap.add_argument("--samples", type=int, default=9)
args = ap.parse_args()
sys.path.insert(0, os.path.join(args.studio, "studio"))

import bpy  # noqa: E402
import core  # noqa: E402
import scenes  # noqa: E402

MARGIN_MM = 6.5
TONES = ("porcelain", "light", "olive", "tan", "brown", "deep")
SAMPLES = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../../samples/products"))
PRODUCTS = {
    "pearls": dict(file="pearls-classic.png", kind="necklace", style="pearls", chain_length_mm=450),
    "pendant": dict(file="pendant-disc-gold.png", kind="necklace", chain_length_mm=450),
    "chain": dict(file="chain-long-rosegold.png", kind="necklace", chain_length_mm=600),
    "stud": dict(file="stud-pearl.png", kind="earring", style="stud", width_mm=7),
    "hoop": dict(file="hoop-gold.png", kind="earring", style="hoop", width_mm=22.9),
    "drop": dict(file="drop-emerald-gold.png", kind="earring", style="drop", height_mm=29.7),
    "solitaire": dict(file="solitaire-diamond.png", kind="ring", inner_diameter_mm=17.5),
    "band": dict(file="band-gold.png", kind="ring", inner_diameter_mm=17.5),
    "bangle": dict(file="bangle-gold.png", kind="bracelet", style="bangle", inner_diameter_mm=50),
    "watch": dict(file="watch-steel.png", kind="watch", case_diameter_mm=34),
    "link": dict(file="curb-silver.png", kind="bracelet", style="link", width_mm=54),
}
RACES = ("caucasian", "african", "asian")


def aim(name, place, target, size, watts, colour):
    """A lamp of the scene, put elsewhere."""
    lamp = bpy.data.objects[name]
    lamp.location = place
    lamp.rotation_euler = core.Vector(np.asarray(target) - place).to_track_quat("-Z", "Y").to_euler()
    lamp.data.size, lamp.data.energy, lamp.data.color = size, watts, colour


def relit(rng, truth):
    """Another light from the same families as the studio's own."""
    world = bpy.context.scene.world.node_tree
    background = next(n for n in world.nodes if n.type == "BACKGROUND")
    portrait = truth["kind"] == "portrait"
    side = math.radians(rng.uniform(-60, 60))
    up = math.radians(rng.uniform(20, 50) if portrait else rng.uniform(25, 60))
    # Light from beside the camera leaves next to no shadow to be seen; too few of the first persons stood in it.
    if truth["seed"] >= 44 and not 300 <= truth["seed"] < 450 and rng.random() < 0.6:
        side, up = math.radians(rng.uniform(-15, 15)), math.radians(rng.uniform(10, 28))
    key = np.array([math.sin(side) * math.cos(up), -math.cos(side) * math.cos(up), math.sin(up)])
    warm = rng.uniform(0.86, 1.0)
    old = np.array(truth["light"]["key_dir_world"])
    at = np.array(bpy.data.objects["key"].location)
    target = at - old * (1.7 if portrait else 0.8)
    if portrait:
        size = float(rng.uniform(0.35, 0.9))
        aim("key", target + key * 1.7, target, size, float(rng.uniform(26, 38)), (1, 0.5 + 0.5 * warm, warm))
        fill = np.array([-key[0], -abs(key[1]) - 0.3, 0.15])
        aim("fill", target + fill * 1.6, target, 1.2, float(rng.uniform(3, 9)), (0.93, 0.97, 1))
        background.inputs["Strength"].default_value = float(rng.uniform(0.22, 0.45))
        truth["light"]["key_size_m"] = size
    else:
        aim("key", target + key * 0.8, target, 0.30, 3.6, (1, 0.97, 0.93))
        aim("fill", target + np.array([-key[0], key[1], 0.1]) * 0.9, target, 0.6, 0.8, (0.94, 0.97, 1))
    truth["light"]["key_dir_world"] = key
    to_camera = np.array(truth["camera"]["world_to_camera_blender"])[:3, :3]
    truth["light"]["key_dir_camera_xyz_right_up_back"] = to_camera @ key


def screen(pieces, truth):
    """A black screen before the camera, with a hole around the jewelry: what lies behind it costs nothing."""
    render = bpy.context.scene.render
    wide, high = render.resolution_x, render.resolution_y
    depsgraph = bpy.context.evaluated_depsgraph_get()
    hole = np.zeros((high, wide), bool)
    per_mm = 0.0
    for piece in pieces:
        own = piece.evaluated_get(depsgraph)
        mesh = own.to_mesh()
        at = np.empty(len(mesh.vertices) * 3, np.float32)
        mesh.vertices.foreach_get("co", at)
        at = at.reshape(-1, 3) @ np.array(own.matrix_world)[:3, :3].T + np.array(own.matrix_world)[:3, 3]
        own.to_mesh_clear()
        seen = core.project(at, truth["camera"])
        per_mm = max(per_mm, truth["camera"]["fx"] / np.median(seen[:, 2]) / 1000)
        u, v = np.floor(seen[:, 0]).astype(int), np.floor(seen[:, 1]).astype(int)
        inside = (u >= 0) & (v >= 0) & (u < wide) & (v < high)
        hole[v[inside], u[inside]] = True
    grown = Image.fromarray((hole * 255).astype(np.uint8))
    # Vertices lie closer than this along every piece but straps.
    radius = int(math.ceil(MARGIN_MM * per_mm))
    for _ in range(radius):
        grown = grown.filter(ImageFilter.MaxFilter(3))
    hole = np.asarray(grown) > 0
    rows, columns = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
    render.use_border, render.use_crop_to_border = True, False
    render.border_min_x, render.border_max_x = columns[0] / wide, (columns[-1] + 1) / wide
    render.border_min_y, render.border_max_y = 1 - (rows[-1] + 1) / high, 1 - rows[0] / high
    image = bpy.data.images.new("hole", wide, high)
    image.colorspace_settings.name = "Non-Color"
    image.pixels.foreach_set(np.repeat(hole[::-1, :, None], 4, -1).astype(np.float32).ravel())
    image.update()
    image.pack()
    material = bpy.data.materials.new("screen")
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.clear()
    place, holes, clear, dark, mix, out = (
        nodes.new(f"ShaderNode{n}") for n in ("TexCoord", "TexImage", "BsdfTransparent", "Emission", "MixShader", "OutputMaterial")
    )
    holes.image, holes.interpolation, holes.extension = image, "Closest", "CLIP"
    dark.inputs["Strength"].default_value = 0.0
    links.new(place.outputs["Window"], holes.inputs["Vector"])
    links.new(holes.outputs["Color"], mix.inputs["Fac"])
    links.new(dark.outputs[0], mix.inputs[1])
    links.new(clear.outputs[0], mix.inputs[2])
    links.new(mix.outputs[0], out.inputs["Surface"])
    camera = bpy.context.scene.camera
    # Not near the lens, whose opening would blur the hole.
    distance = 0.8 * camera.data.dof.focus_distance
    side = 0.4 * distance
    corners = [camera.matrix_world @ core.Vector((x * side, y * side, -distance)) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    screen = core.mesh_obj("screen", [tuple(c) for c in corners], [[0, 1, 2, 3]], material)
    for kind in ("diffuse", "glossy", "transmission", "volume_scatter", "shadow"):
        setattr(screen, f"visible_{kind}", False)
    return screen, hole


def rest_of_picture(path, whole, screen, hole):
    """Fills what was not rendered around the jewelry from a coarse picture of the whole, once for each light."""
    render = bpy.context.scene.render
    if not os.path.exists(whole):
        wide, samples = render.resolution_x, bpy.context.scene.cycles.samples
        render.use_border, render.resolution_percentage = False, round(100 * 320 / wide)
        screen.hide_render = True
        bpy.context.scene.cycles.samples = 4
        core.render(whole)
        screen.hide_render = False
        render.use_border, render.resolution_percentage = True, 100
        bpy.context.scene.cycles.samples = samples
    for which in ("bare", "worn"):
        picture = Image.open(f"{path}_{which}.png").convert("RGB")
        out = Image.open(whole).convert("RGB").resize(picture.size, Image.BICUBIC)
        out.paste(picture, mask=Image.fromarray((hole * 255).astype(np.uint8)).filter(ImageFilter.MinFilter(3)))
        out.save(f"{path}_{which}.png")


def told(path):
    """Names a product picture for each piece."""
    with open(path) as f:
        truth = json.load(f)
    for piece in truth["jewelry"]:
        product = dict(PRODUCTS[piece["kind"]])
        product["file"] = os.path.join(SAMPLES, product["file"])
        piece["product"] = product
    with open(path, "w") as f:
        json.dump(truth, f, indent=1)


class Pieces:
    """Which objects make up each piece of the scene, in the order in which the studio lists them."""

    def __init__(self):
        self.made = []
        jewelry = scenes.J
        for name in ("chain_mesh", "beads", "hoop", "drop", "stud", "pendant"):
            setattr(jewelry, name, self.watched(getattr(jewelry, name), name == "pendant"))

    def watched(self, make, more):
        def run(*rest, **named):
            out = make(*rest, **named)
            objects = out[0] if isinstance(out[0], list) else [out[0]]
            if more:
                self.made[-1] += objects
            else:
                self.made.append(list(objects))
            return out

        return run


def sets(jewelry):
    """Necklaces are worn one at a time, each with one kind of earrings."""
    necklaces = [i for i, j in enumerate(jewelry) if j["piece"] == "necklace"]
    earrings = [i for i, j in enumerate(jewelry) if j["piece"] == "earring"]
    if not necklaces:
        return [list(range(len(jewelry)))]
    kinds = list(dict.fromkeys(jewelry[i]["kind"] for i in earrings))
    return [
        [n] + [i for i in earrings if jewelry[i]["kind"] == kinds[k % len(kinds)]] for k, n in enumerate(necklaces)
    ]


def in_lights(finish):
    """The studio's last step, done once for each light and each set of jewelry that the person wears in turn."""

    def run(stem, truth, objects, masks, *rest):
        before, hole = screen(objects, truth)
        worn = truth["jewelry"]
        made = pieces.made if len(pieces.made) == len(worn) else [objects]
        for k in range(args.lights):
            if k:
                relit(np.random.default_rng([truth["seed"], 77, k]), truth)
            bare.clear()
            for s, chosen in enumerate(sets(worn)):
                path = f"{stem}_l{k}{'abc'[s]}"
                for o in objects:
                    o.hide_render = True
                shown = [o for i in chosen for o in made[i]]
                for o in shown:
                    o.hide_render = False
                truth["name"], truth["jewelry"] = os.path.basename(path), [worn[i] for i in chosen]
                if os.path.exists(f"{path}.json"):
                    continue
                finish(path, truth, shown, [m for m in masks if m in ("skin", "cloth", "hair", "jewelry")], *rest)
                for o in objects:
                    o.hide_render = True
                rest_of_picture(path, f"{stem}_l{k}_whole.png", before, hole)
                told(f"{path}.json")
                for spare in ("bare_depth.exr", "worn_mask_hair.png", "worn_mask_cloth.png"):
                    if os.path.exists(f"{path}_{spare}"):
                        os.remove(f"{path}_{spare}")

    return run


bare = {}  # of the light that is on: suffix of each file, and where it lies


def once_bare(render):
    """The bare picture is the same whatever is worn next: it is rendered once for each light."""

    def run(path, aovs=(), **named):
        stem = os.path.splitext(path)[0]
        if not stem.endswith("_bare"):
            return render(path, aovs=aovs, **named)
        names = ["", *(f"_mask_{a}" for a in aovs)]
        if bare:
            for name in names:
                shutil.copy(bare[name], f"{stem}{name}.png")
            return 0.0
        taken = render(path, aovs=aovs)
        bare.update({name: f"{stem}{name}.png" for name in names})
        return taken

    return run


def person(k):
    pieces.made.clear()
    rng = np.random.default_rng([5150, k])
    name = f"t{k:03d}"
    if os.path.exists(os.path.join(args.out, f"{name}_l{args.lights - 1}a.json")):
        return
    tone = TONES[rng.integers(len(TONES))]
    zoom = float(rng.choice([1.0, 1.0, 1.0, 1.0, 1.5]))
    if k % 2:
        share = rng.dirichlet(np.full(3, 0.5))
        over = dict(
            tone=tone,
            race={r: float(s) for r, s in zip(RACES, share) if s > 0.05},
            age=float(rng.uniform(0.48, 0.8)),
            gender=float(rng.random() < 0.2),
            # Hair before a piece turned out to be what too few of the first persons showed.
            hair=str(rng.choice(["up", "buzz", "up", "down"] if k < 39 else ["up", "down", "buzz", "down"])),
            hc=str(rng.choice(list(scenes.HAIRC))),
            yaw=float(rng.normal(0, 28)),
            pitch=float(rng.uniform(-4, 4)),
            top=str(rng.choice(["scoop", "strapless", "v", "scoop"])),
        )
        # All of them on the person at once, shown in turn.
        jewels = ("pendant", "pearls", "chain", "hoop", "stud", "drop")
        scenes.portrait(args.out, name, "p01", k, int(768 * zoom), args.samples, jewels, hair_n=15000, over=over)
    else:
        over = dict(
            tone=tone,
            spread=float(rng.uniform(0.3, 1.1)),
            # Solitaires seen from aside were too few among the first persons.
            piece=str(rng.choice((["solitaire"] if k < 450 else ["solitaire"] * 3) + ["band", "bangle", "watch", "link"])),
            view="oblique" if rng.random() < (0.25 if k < 450 else 0.5) else "dorsal",
        )
        scenes.hand(args.out, name, "h01", k, int(768 * zoom), args.samples, over=over)


pieces = Pieces()
scenes.render = once_bare(scenes.render)
scenes.finish = in_lights(scenes.finish)
for k in range(args.first, args.to, args.step):
    person(k)
    print(k, flush=True)
