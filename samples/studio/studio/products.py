"""Product shots: one piece alone, straight on, on a transparent background, as a seller photographs it."""

import bpy
import numpy as np
from mathutils import Matrix

from . import jewelry, materials, scene
from .shapes import arc_length, rot_x, rot_y, rot_z

RING_VIEW = (
    rot_z(16) @ rot_x(24) @ np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])
)  # stone up, a little from above
WRIST_VIEW = rot_x(28)  # the loop lies down, seen from above
WATCH_VIEW = rot_y(90)  # twelve o'clock up


def _necklace(curve_size, length, make):
    """A necklace with its clasp undone: a U whose arc is the full length in mm."""
    curve = jewelry.hanging_curve(*curve_size)
    curve = curve * (length / 1000 / arc_length(curve))
    return make(curve)


def _with_pendant(metal, kind, **links):
    def make(curve):
        lowest = curve[len(curve) // 2] + np.array([0, -0.0016, -0.0004])
        return jewelry.cable_chain(metal, curve, **links) + jewelry.pendant(kind, metal, lowest)

    return make


def _curb(metal, **links):
    def make(curve):
        normals = np.tile([0, -1.0, 0], (len(curve), 1))
        return jewelry.curb_chain(metal, curve, normals, False, **links)

    return make


# name: (facts for the catalogue, builder of the objects, view)
PRODUCTS = {
    "hoop-gold": (
        dict(kind="earring", style="hoop", metal="gold", sku="EAR-HOOP-G24"),
        lambda: jewelry.hoop("gold", 24.0, 2.2),
        rot_z(14) @ rot_x(2),
    ),
    "hoop-silver-large": (
        dict(kind="earring", style="hoop", metal="silver", sku="EAR-HOOP-S40"),
        lambda: jewelry.hoop("silver", 40.0, 2.0),
        rot_z(20) @ rot_x(2),
    ),
    "drop-emerald-gold": (
        dict(kind="earring", style="drop", metal="gold", stone="emerald", sku="EAR-DROP-EM"),
        lambda: jewelry.drop("gold", "emerald", 8.0, 12.0),
        np.eye(3),
    ),
    "drop-ruby-silver": (
        dict(kind="earring", style="drop", metal="silver", stone="ruby", sku="EAR-DROP-RU"),
        lambda: jewelry.drop("silver", "ruby", 9.0, 14.0),
        np.eye(3),
    ),
    "stud-pearl": (
        dict(kind="earring", style="stud", metal="gold", stone="pearl", sku="EAR-STUD-PE"),
        lambda: jewelry.pearl_stud("gold", 8.0),
        rot_z(-10) @ rot_x(4),
    ),
    "stud-diamond": (
        dict(kind="earring", style="stud", metal="silver", stone="diamond", sku="EAR-STUD-DI"),
        lambda: jewelry.stone_stud("platinum", "diamond", 6.0),
        rot_z(-8) @ rot_x(5),
    ),
    "pendant-disc-gold": (
        dict(
            kind="necklace",
            style="chain",
            metal="gold",
            stone="diamond",
            sku="NCK-DISC-G45",
            chain_length_mm=450,
        ),
        lambda: _necklace((0.135, 0.185), 450, _with_pendant("gold", "disc")),
        np.eye(3),
    ),
    "pendant-heart-silver": (
        dict(kind="necklace", style="chain", metal="silver", sku="NCK-HEART-S42", chain_length_mm=420),
        lambda: _necklace((0.135, 0.170), 420, _with_pendant("silver", "heart")),
        np.eye(3),
    ),
    "pearls-classic": (
        dict(kind="necklace", style="pearls", stone="pearl", sku="NCK-PEARL-45", chain_length_mm=450),
        lambda: _necklace((0.140, 0.175), 450, lambda curve: jewelry.pearl_strand(curve, 7.0)),
        np.eye(3),
    ),
    "chain-long-rosegold": (
        dict(kind="necklace", style="chain", metal="rosegold", sku="NCK-CURB-R60", chain_length_mm=600),
        lambda: _necklace((0.150, 0.255), 600, _curb("rosegold", length=5.6, width=4.4, wire=0.62)),
        np.eye(3),
    ),
    "solitaire-diamond": (
        dict(
            kind="ring",
            style="solitaire",
            metal="platinum",
            stone="diamond",
            sku="RNG-SOL-DI",
            inner_diameter_mm=17.0,
        ),
        lambda: jewelry.solitaire("platinum", "diamond", 17.0, 6.5),
        RING_VIEW,
    ),
    "solitaire-sapphire": (
        dict(
            kind="ring",
            style="solitaire",
            metal="gold",
            stone="sapphire",
            sku="RNG-SOL-SA",
            inner_diameter_mm=17.0,
        ),
        lambda: jewelry.solitaire("gold", "sapphire", 17.0, 7.0),
        RING_VIEW,
    ),
    "band-gold": (
        dict(kind="ring", style="band", metal="gold", sku="RNG-BAND-G4", inner_diameter_mm=18.0),
        lambda: jewelry.band("gold", 18.0, 4.0),
        RING_VIEW,
    ),
    "bangle-gold": (
        dict(kind="bracelet", style="bangle", metal="gold", sku="BRC-BANG-G", inner_diameter_mm=62.0),
        lambda: jewelry.bangle("gold", 62.0, 4.5),
        WRIST_VIEW,
    ),
    "curb-silver": (
        dict(kind="bracelet", style="link", metal="silver", sku="BRC-CURB-S", length_mm=185),
        lambda: jewelry.curb_bracelet("silver", 185),
        WRIST_VIEW,
    ),
    "watch-steel": (
        dict(kind="watch", style="three-hand", metal="steel", sku="WCH-STEEL-34", case_diameter_mm=34.0),
        lambda: jewelry.watch("steel", "#5a2a10", "#f2efe8", "#1b1b1d", 34.0, 16.0),
        WATCH_VIEW,
    ),
    "watch-gold-navy": (
        dict(kind="watch", style="three-hand", metal="gold", sku="WCH-GOLD-38", case_diameter_mm=38.0),
        lambda: jewelry.watch("gold", "#1a1b1f", "#16233f", "#f0d9a0", 38.0, 18.0),
        WATCH_VIEW,
    ),
}


# Softboxes and tent, as shares of the usual: bright metal that turns many faces to them would come out white.
DIMMED = {"curb-silver": (0.3, 0.6)}


def _softboxes(centre, size, share):
    """Lights that scale with the piece: one above, a strip on either side, a small one in front."""
    power = 9 * size * size * share
    for name, at, width, watts, tall in (
        ("top", (0, -0.2, 1.6), 2.6, 3.5, 2.6),
        ("left", (-1.9, -0.9, 0.35), 0.8, 3.0, 3.0),
        ("right", (2.0, -0.6, 0.1), 0.6, 2.0, 3.0),
        ("front", (0.4, -2.4, 0.7), 1.0, 0.7, 1.0),
    ):
        location = centre + np.array(at) * size * 1.6
        scene.area_light(name, location, centre, width * size, watts * power, height=tall * size)


def shoot(name, path, pixels, samples, margin=0.06):
    """Render one product (or only measure it when `path` is None); the longer side of the picture has `pixels`.
    Returns the facts a seller would state, the sizes in mm as they appear in the picture."""
    facts, build, view = PRODUCTS[name]
    scene.reset()
    objects = build()
    for ob in objects:
        ob.matrix_world = Matrix(view.tolist()).to_4x4()
    bpy.context.view_layer.update()
    corners = [np.array([ob.matrix_world @ v.co for v in ob.data.vertices]) for ob in objects]
    low, high = np.concatenate(corners).min(0), np.concatenate(corners).max(0)
    centre, extent = (low + high) / 2, (high - low)[[0, 2]]
    frame = extent.max() * (1 + margin)
    border = frame - extent.max()
    mm_per_px = frame * 1000 / pixels
    measured = dict(width_mm=round(extent[0] * 1000, 1), height_mm=round(extent[1] * 1000, 1))
    facts = {**facts, **measured, "mm_per_px": round(mm_per_px, 5)}
    if path is None:
        return facts
    size = tuple(min(pixels, int(np.ceil((e + border) * 1000 / mm_per_px / 2)) * 2) for e in extent)
    distance = max(0.6, frame * 6)
    scene.camera(centre - np.array([0, distance, 0]), centre, 36.0 * distance / frame, size)
    boxes, tent = DIMMED.get(name, (1.0, 1.0))
    _softboxes(centre, frame, boxes)
    materials.light_tent(tent)
    scene.render(path, samples, transparent=True, view="Standard", bounces=12)
    return facts
