"""Procedural materials for people and jewelry, and the two environments that light them."""

import os

import bpy

from .body import TEXTURES

SKIN = {  # tone: (skin, lips), sRGB
    "porcelain": ("#e6c0ab", "#b9645f"),
    "light": ("#d9aa8e", "#a9564f"),
    "olive": ("#c2916d", "#98514a"),
    "tan": ("#a57655", "#834339"),
    "brown": ("#7c4f35", "#5f3029"),
    "deep": ("#573625", "#4a2823"),
}
IRIS = {
    "brown": ("#3a1f0d", "#6b3f1c"),
    "hazel": ("#4a3a1a", "#8a6a33"),
    "blue": ("#3d5a73", "#8fb0c4"),
    "green": ("#42523a", "#8d9a6a"),
    "dark": ("#25130a", "#4a2c18"),
}
METAL = {  # kind: (reflected colour, roughness)
    "gold": ("#ffd27f", 0.09),
    "rosegold": ("#f5bda0", 0.09),
    "silver": ("#f8f6f3", 0.07),
    "platinum": ("#efeeea", 0.09),
    "steel": ("#dededd", 0.16),
}
GEM = {  # kind: (colour, refractive index)
    "diamond": ("#ffffff", 2.417),
    "emerald": ("#8fe3b6", 1.58),
    "ruby": ("#ff7f93", 1.77),
    "sapphire": ("#8fabff", 1.77),
    "amethyst": ("#d9b8ff", 1.55),
}


def linear(hex_color):
    """'#rrggbb' in sRGB to linear RGB."""
    c = [int(hex_color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return tuple(x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in c)


def scaled(color, *factors):
    """A colour times one factor, or one factor per channel, at most 1."""
    factors = factors * 3 if len(factors) == 1 else factors
    return tuple(min(1.0, c * f) for c, f in zip(color, factors))


class Nodes:
    """Short-hand for building a shader node tree; sockets and constants can be mixed freely."""

    def __init__(self, tree):
        self.tree = tree
        tree.nodes.clear()

    def node(self, kind, inputs=None, **settings):
        n = self.tree.nodes.new(kind)
        for k, v in settings.items():
            setattr(n, k, v)
        for k, v in (inputs or {}).items():
            self.feed(n.inputs[k], v)
        return n

    def feed(self, socket, value):
        if isinstance(value, bpy.types.NodeSocket):
            self.tree.links.new(value, socket)
        elif isinstance(value, tuple) and socket.type == "RGBA" and len(value) == 3:
            socket.default_value = (*value, 1)
        else:
            socket.default_value = value

    def attribute(self, name, output="Fac"):
        return self.node("ShaderNodeAttribute", attribute_name=name).outputs[output]

    def image(self, file, output="Color"):
        image = bpy.data.images.load(os.path.join(TEXTURES, file), check_existing=True)
        image.colorspace_settings.name = "Non-Color"
        return self.node("ShaderNodeTexImage", image=image).outputs[output]

    def math(self, operation, a, b=0.0):
        return self.node("ShaderNodeMath", {0: a, 1: b}, operation=operation).outputs[0]

    def add(self, a, b):
        return self.math("ADD", a, b)

    def sub(self, a, b):
        return self.math("SUBTRACT", a, b)

    def mul(self, a, b):
        return self.math("MULTIPLY", a, b)

    def mix(self, factor, a, b):
        return self.node("ShaderNodeMix", {0: factor, 6: a, 7: b}, data_type="RGBA").outputs[2]

    def noise(self, at, scale, detail=3.0, roughness=0.5):
        n = {"Vector": at, "Scale": scale, "Detail": float(detail), "Roughness": roughness}
        return self.node("ShaderNodeTexNoise", n).outputs["Fac"]

    def cells(self, at, scale):
        return self.node("ShaderNodeTexVoronoi", {"Vector": at, "Scale": scale})

    def bands(self, at, scale, direction, distortion):
        n = {"Vector": at, "Scale": scale, "Distortion": distortion}
        wave = self.node("ShaderNodeTexWave", n, wave_type="BANDS", bands_direction=direction)
        return wave.outputs["Fac"]

    def remap(self, value, low, high, to_low=0.0, to_high=1.0):
        n = {0: value, 1: low, 2: high, 3: to_low, 4: to_high}
        return self.node("ShaderNodeMapRange", n).outputs[0]

    def ramp(self, factor, stops):
        r = self.node("ShaderNodeValToRGB", {0: factor})
        while len(r.color_ramp.elements) < len(stops):
            r.color_ramp.elements.new(0.5)
        for element, (position, color) in zip(r.color_ramp.elements, stops):
            element.position = position
            element.color = (*color, 1)
        return r.outputs[0]

    def bump(self, height, distance, strength, normal=None):
        n = {"Height": height, "Distance": distance, "Strength": strength}
        if normal is not None:
            n["Normal"] = normal
        return self.node("ShaderNodeBump", n).outputs[0]

    def principled(self, inputs):
        return self.node("ShaderNodeBsdfPrincipled", inputs, subsurface_method="BURLEY").outputs[0]


def material(name):
    """A new material and its empty node tree."""
    m = bpy.data.materials.new(name)
    m.use_nodes = True
    return m, Nodes(m.node_tree)


def finish(t, shader):
    """Connect a shader to the material's output."""
    t.node("ShaderNodeOutputMaterial", {"Surface": shader})


# ------------------------------------------------------------------------------------------------ people


def _skin_color(t, at, tone, scalp_color):
    """Albedo: blotches, blood under the skin, lids, freckles, lips, nails, and the shade of hair on the scalp."""
    base, lip = (linear(c) for c in SKIN[tone])
    dark = tone in ("brown", "deep")
    color = t.mix(t.remap(t.noise(at, 22, 4, 0.6), 0.35, 0.65), scaled(base, 0.88), scaled(base, 1.08))
    blotch = t.mul(t.remap(t.noise(at, 95, 5, 0.68), 0.42, 0.70), 0.30)
    color = t.mix(blotch, color, scaled(base, 1.04, 0.72, 0.68))
    yellow = t.mul(t.remap(t.noise(at, 48, 4, 0.6), 0.50, 0.75), 0.22)
    color = t.mix(yellow, color, scaled(base, 0.97, 0.93, 0.74))
    blood = t.mul(t.attribute("red"), 0.4 if dark else 0.62)
    color = t.mix(blood, color, scaled(base, 1.02, 0.66, 0.60))
    lids = t.mul(t.image("mpfb_eyelids.jpg"), 0.45)
    color = t.mix(lids, color, scaled(base, 0.74, 0.60, 0.56))
    grain = t.mul(t.remap(t.noise(at, 1100, 3, 0.7), 0.38, 0.75), 0.30)
    color = t.mix(grain, color, scaled(base, 0.76, 0.66, 0.62))
    cells = t.cells(at, 85)
    freckle = t.mul(
        t.math("LESS_THAN", cells.outputs["Distance"], 0.12),
        t.math("GREATER_THAN", cells.outputs["Color"], 0.80),
    )
    color = t.mix(t.mul(freckle, 0.22), color, scaled(base, 0.55, 0.40, 0.35))
    crease = t.mul(t.mul(t.attribute("fold"), t.remap(t.noise(at, 260, 3), 0.4, 0.6)), 0.30)
    color = t.mix(crease, color, scaled(base, 0.72, 0.52, 0.47))
    lips = t.mix(t.noise(at, 500, 2), scaled(lip, 0.82), scaled(lip, 1.15))
    color = t.mix(t.mul(t.image("mpfb_lips.jpg"), 0.62), color, lips)
    pink = linear("#e3a097")
    k = 0.22 if dark else 0.30 if tone == "tan" else 0.45
    nail = tuple(min(1.0, (1 - k) * 1.12 * b + k * p) for b, p in zip(base, pink))
    color = t.mix(t.mul(t.remap(t.image("mpfb_fingernails.jpg"), 0.35, 0.9), 0.8), color, nail)
    if scalp_color is not None:
        density = t.remap(t.noise(at, 700, 2), 0.3, 0.6, 0.55, 0.9)
        color = t.mix(t.mul(t.remap(t.attribute("scalp"), 0.1, 1.0), density), color, scalp_color)
    return color


def _skin_normal(t, at):
    """Pores, fine lines, soft unevenness, finger folds and the grooves of the lips."""
    lips, nails = t.image("mpfb_lips.jpg"), t.image("mpfb_fingernails.jpg")
    bare = t.remap(t.add(nails, t.mul(lips, 0.5)), 0, 1, 1, 0)
    pores = t.mul(t.remap(t.cells(at, 1500).outputs["Distance"], 0.0, 0.55), 0.55)
    lines = t.mul(t.noise(at, 620, 4, 0.65), 0.75)
    wobble = t.mul(t.noise(at, 190, 3, 0.6), 7.0)
    folds = t.math("SINE", t.add(t.mul(t.attribute("fold_position"), 4300.0), wobble))
    folds = t.mul(t.mul(folds, t.attribute("fold")), t.remap(t.noise(at, 300, 2), 0.3, 0.7, 0.6, 3.2))
    grooves = t.mul(t.mul(t.bands(at, 260, "X", 4), lips), 0.5)
    fine = t.add(t.add(t.mul(t.add(pores, lines), bare), folds), grooves)
    soft = t.bump(t.mul(t.noise(at, 75, 4, 0.6), bare), 0.0022, 0.22)
    return t.bump(fine, 0.00042, 0.42, soft)


def skin(tone, seed, scalp_color=None):
    """Skin of a tone; reads the vertex attributes that `person.zones` paints."""
    m, t = material("skin")
    shift = (seed % 97 * 0.37, seed % 31 * 0.71, 3.1)
    rest = t.attribute("rest", "Vector")
    at = t.node("ShaderNodeVectorMath", {0: rest, 1: shift}, operation="ADD").outputs[0]
    rough = t.remap(t.noise(at, 130, 5, 0.7), 0.3, 0.7, 0.40, 0.60)
    rough = t.add(rough, t.mul(t.remap(t.noise(at, 1300, 2), 0.3, 0.7, -1, 1), 0.07))
    rough = t.sub(rough, t.mul(t.attribute("oil"), 0.10))
    rough = t.sub(rough, t.mul(t.image("mpfb_lips.jpg"), 0.12))
    rough = t.sub(rough, t.mul(t.image("mpfb_fingernails.jpg"), 0.24))
    shader = {
        "Base Color": _skin_color(t, at, tone, scalp_color),
        "Roughness": rough,
        "Normal": _skin_normal(t, at),
        "Subsurface Weight": 1.0,
        "Subsurface Radius": (1.0, 0.35, 0.18),
        "Subsurface Scale": 0.0015 if tone in ("brown", "deep") else 0.0020,
        "Specular IOR Level": 0.40,
        "IOR": 1.4,
        "Sheen Weight": 0.05,
        "Sheen Roughness": 0.5,
    }
    finish(t, t.principled(shader))
    return m


def hair(melanin, redness):
    """Fibre shader whose strands differ a little in colour and gloss."""
    m, t = material("hair")
    random = t.node("ShaderNodeHairInfo").outputs["Random"]
    shader = {
        "Melanin": melanin,
        "Melanin Redness": redness,
        "Roughness": 0.30,
        "Radial Roughness": 0.38,
        "Random Color": 0.30,
        "Random Roughness": 0.25,
        "Coat": 0.10,
        "Random": random,
    }
    node = t.node("ShaderNodeBsdfHairPrincipled", shader, parametrization="MELANIN", model="CHIANG")
    finish(t, node.outputs[0])
    return m


def eye(iris, iris_ratio):
    """Eyeball; the vertex attribute `eye_position` is the point on the unit sphere, +z along the gaze."""
    inner, outer = (linear(c) for c in IRIS[iris])
    m, t = material("eye")
    at = t.attribute("eye_position", "Vector")
    x, y, z = t.node("ShaderNodeSeparateXYZ", {0: at}).outputs
    radius = t.math("SQRT", t.add(t.mul(x, x), t.mul(y, y)))
    r = t.math("DIVIDE", radius, iris_ratio)  # 1 at the edge of the iris
    polar = {0: t.mul(t.math("ARCTAN2", y, x), 7.0), 1: t.mul(r, 1.2)}
    fibres = t.noise(t.node("ShaderNodeCombineXYZ", polar).outputs[0], 3.0, 5, 0.7)
    color = t.mix(t.remap(fibres, 0.3, 0.7), scaled(inner, 0.6), outer)
    collar = tuple(min(1, 0.77 * o + 0.3 * i) for o, i in zip(outer, inner))
    color = t.mix(t.remap(r, 0.35, 0.62), collar, color)
    color = t.mix(t.remap(r, 0.80, 1.0), color, scaled(inner, 0.35))
    color = t.mix(t.remap(r, 0.36, 0.41), (0.003, 0.003, 0.003), color)
    veins = t.mul(t.remap(t.noise(at, 6, 6, 0.75), 0.58, 0.62), 0.25)
    white = t.mix(veins, linear("#e0d8d1"), linear("#cf8f83"))
    white = t.mix(t.remap(r, 1.5, 2.3), white, linear("#c09080"))
    front = t.mul(t.remap(r, 0.94, 1.08, 1, 0), t.math("GREATER_THAN", z, 0))
    shader = {
        "Base Color": t.mix(front, white, color),
        "Roughness": 0.35,
        "Coat Weight": 1.0,
        "Coat Roughness": 0.015,
        "Coat IOR": 1.38,
        "Specular IOR Level": 0.2,
    }
    finish(t, t.principled(shader))
    return m


def cloth(color):
    """A fine weave with soft folds; reads the vertex attribute `rest`."""
    m, t = material("cloth")
    c, at = linear(color), t.attribute("rest", "Vector")
    weave = t.mul(t.bands(at, 420, "X", 0.5), t.bands(at, 420, "Z", 0.5))
    shade = t.mix(t.mul(weave, 0.30), c, scaled(c, 0.55))
    shade = t.mix(t.remap(t.noise(at, 14, 3), 0.3, 0.7, 0, 0.15), shade, scaled(c, 0.7))
    folds = t.bump(t.noise(at, 9, 3), 0.02, 0.5)
    shader = {
        "Base Color": shade,
        "Roughness": 0.82,
        "Sheen Weight": 0.25,
        "Normal": t.bump(weave, 0.0005, 0.6, folds),
    }
    finish(t, t.principled(shader))
    return m


def backdrop(color):
    """Painted plaster, for the wall or table behind a hand."""
    m, t = material("backdrop")
    c, at = linear(color), t.node("ShaderNodeTexCoord").outputs["Object"]
    shade = t.mix(t.remap(t.noise(at, 7, 5, 0.6), 0.3, 0.7), scaled(c, 0.86), scaled(c, 1.04))
    shade = t.mix(t.remap(t.noise(at, 420, 4, 0.7), 0.35, 0.7, 0, 0.35), shade, scaled(c, 0.82))
    rough = t.bump(t.noise(at, 260, 6, 0.7), 0.0016, 0.35)
    finish(t, t.principled({"Base Color": shade, "Roughness": 0.92, "Normal": rough}))
    return m


# ---------------------------------------------------------------------------------------------- jewelry


def metal(kind):
    """Polished metal with a hint of wear in its gloss."""
    color, rough = METAL[kind]
    m, t = material(kind)
    wear = t.noise(t.node("ShaderNodeTexCoord").outputs["Object"], 900, 3)
    shader = {
        "Base Color": linear(color),
        "Metallic": 1.0,
        "Roughness": t.remap(wear, 0.3, 0.7, rough * 0.8, rough * 1.3),
    }
    finish(t, t.principled(shader))
    return m


def gem(kind):
    """A clear faceted stone."""
    color, ior = GEM[kind]
    m, t = material(kind)
    glass = t.node("ShaderNodeBsdfGlass", {"Color": linear(color), "IOR": ior, "Roughness": 0.0})
    finish(t, glass.outputs[0])
    return m


def pearl(color="#f3ebe0"):
    """Nacre: a soft body with a pink edge under a clear coat."""
    m, t = material("pearl")
    c = linear(color)
    facing = t.node("ShaderNodeLayerWeight", {"Blend": 0.35}).outputs["Facing"]
    shader = {
        "Base Color": t.mix(facing, c, scaled(c, 1.0, 0.86, 0.90)),
        "Roughness": 0.22,
        "Coat Weight": 0.8,
        "Coat Roughness": 0.06,
        "Subsurface Weight": 0.3,
        "Subsurface Scale": 0.0015,
        "Sheen Weight": 0.2,
    }
    finish(t, t.principled(shader))
    return m


def leather(color):
    """Strap leather with a fine grain."""
    m, t = material("leather")
    c, at = linear(color), t.node("ShaderNodeTexCoord").outputs["Object"]
    grain = t.cells(at, 1700).outputs["Distance"]
    shade = t.mix(t.remap(t.noise(at, 90, 4), 0.3, 0.7), scaled(c, 0.8), scaled(c, 1.2))
    shader = {
        "Base Color": shade,
        "Roughness": 0.6,
        "Specular IOR Level": 0.25,
        "Normal": t.bump(grain, 0.0003, 0.6),
    }
    finish(t, t.principled(shader))
    return m


def plain(name, color, roughness=0.5, metallic=0.0):
    """One flat colour."""
    m, t = material(name)
    shader = {"Base Color": linear(color), "Roughness": roughness, "Metallic": metallic}
    finish(t, t.principled(shader))
    return m


def crystal():
    """Thin watch glass: clear with a faint reflection."""
    m, t = material("crystal")
    clear = t.node("ShaderNodeBsdfTransparent").outputs[0]
    gloss = t.node("ShaderNodeBsdfGlossy", {"Roughness": 0.01}).outputs[0]
    fresnel = t.node("ShaderNodeFresnel", {"IOR": 1.35}).outputs[0]
    finish(t, t.node("ShaderNodeMixShader", {0: fresnel, 1: clear, 2: gloss}).outputs[0])
    return m


# ------------------------------------------------------------------------------------------ environments


def _world():
    w = bpy.data.worlds.new("world")
    bpy.context.scene.world = w
    w.use_nodes = True
    w.cycles.sampling_method = "MANUAL"  # the automatic importance map costs seconds
    w.cycles.sample_map_resolution = 256
    return Nodes(w.node_tree)


def room(strength, seed, backdrop_colors=None):
    """A studio room: light above, dim floor, a few bright cards. The camera sees a painted backdrop of two
    colours (centre, rim) instead when they are given."""
    t = _world()
    direction = t.node("ShaderNodeTexCoord").outputs["Generated"]
    height = t.remap(t.node("ShaderNodeSeparateXYZ", {0: direction}).outputs[2], -1, 1)
    floor_to_ceiling = [
        (0, (0.10, 0.09, 0.08)),
        (0.48, (0.30, 0.29, 0.28)),
        (0.52, (0.45, 0.45, 0.46)),
        (1, (1, 1, 1)),
    ]
    light = t.ramp(height, floor_to_ceiling)
    cards = t.remap(t.noise(direction, 1.7 + seed % 5 * 0.1, 2), 0.55, 0.70)
    light = t.mix(cards, light, (1.6, 1.6, 1.55))
    surface = t.node("ShaderNodeBackground", {0: light, 1: strength}).outputs[0]
    if backdrop_colors:
        window = t.node("ShaderNodeTexCoord").outputs["Window"]
        x, y, _ = t.node("ShaderNodeSeparateXYZ", {0: window}).outputs
        dx, dy = t.sub(x, 0.5), t.sub(y, 0.55)
        radius = t.math("SQRT", t.add(t.mul(dx, dx), t.mul(dy, dy)))
        centre, rim = (linear(c) for c in backdrop_colors)
        color = t.mix(t.remap(radius, 0.05, 0.75), centre, rim)
        brush = t.remap(t.noise(window, 3.1, 5, 0.62), 0.32, 0.68, 0.80, 1.14)
        painted = t.node("ShaderNodeBackground", {0: color, 1: brush}).outputs[0]
        seen = t.node("ShaderNodeLightPath").outputs["Is Camera Ray"]
        surface = t.node("ShaderNodeMixShader", {0: seen, 1: surface, 2: painted}).outputs[0]
    t.node("ShaderNodeOutputWorld", {0: surface})


def light_tent(strength=1.0):
    """A white product tent with black cards, so that polished metal shows bright planes and crisp dark lines."""
    t = _world()
    direction = t.node("ShaderNodeTexCoord").outputs["Generated"]
    x, y, z = t.node("ShaderNodeSeparateXYZ", {0: direction}).outputs
    base = t.ramp(
        t.remap(z, -1, 1),
        [
            (0, (0.26, 0.25, 0.25)),
            (0.36, (0.44, 0.44, 0.44)),
            (0.5, (0.80, 0.80, 0.81)),
            (1, (1.15, 1.15, 1.15)),
        ],
    )
    azimuth = t.math("ARCTAN2", x, t.mul(y, -1.0))  # 0 towards the camera
    for centre, half, depth in (
        (0.85, 0.13, 0.05),
        (-1.15, 0.16, 0.06),
        (2.3, 0.25, 0.08),
        (-2.5, 0.2, 0.08),
    ):
        away = t.math("ABSOLUTE", t.sub(azimuth, centre))
        base = t.mix(t.remap(away, half * 0.75, half, 1, 0), base, (depth, depth, depth))
    horizon = t.remap(t.math("ABSOLUTE", t.add(z, 0.16)), 0.035, 0.06, 1, 0)
    base = t.mix(t.mul(horizon, 0.85), base, (0.07, 0.07, 0.07))
    t.node("ShaderNodeOutputWorld", {0: t.node("ShaderNodeBackground", {0: base, 1: strength}).outputs[0]})
