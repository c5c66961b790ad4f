"""How near a shadow comes to the worn picture when nothing about the scene has to be guessed.

    pip install numpy==2.4.6 opencv-python-headless==5.0.0.93 scikit-image==0.26.0 scipy==1.17.1
    python shadow_limit.py TRUTH GEOMETRY

TRUTH: scenes as `parure accuracy` measures them. GEOMETRY: what their renderer knows, NAME_bare.npz and NAME_worn.npz with
`depth` (height × width, metres along the camera's axis) and `normal` (world), from the renderer's own passes.

Rays are marched from every pixel of the 8 mm ring of skin to the key light (its true direction and size), to the fill
light and all over the sky, against the true surface of the jewelry. How strong fill and sky are, how the tone curve bends and how far
light spreads in skin are chosen for each scene with the worn picture in view. What that leaves of the ring's ΔE2000, as a share of
the same without shadow, is a lower bound for what a program can leave that has to guess all of this from the bare picture, but
for light that jewelry throws back and for luck.
"""
import glob
import itertools
import json
import os
import sys

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter
from skimage.color import deltaE_ciede2000, rgb2lab

RING_MM = 8.0
# Along a ray, mm, and how thick the jewelry is taken for behind the surface that shows.
STEPS = np.geomspace(0.15, 45, 70)
THICK_MM = 2.0
RAYS = dict(key=24, fill=16, sky=40)


def linear(path):
    v = cv2.imread(path)[..., ::-1] / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    v = np.clip(rgb, 0, 1)
    return rgb2lab(np.where(v <= 0.0031308, 12.92 * v, 1.055 * v ** (1 / 2.4) - 0.055)[None])[0]


def unit(v):
    return v / (np.linalg.norm(v, axis=-1, keepdims=True) + 1e-12)


class Scene:
    def __init__(self, truth, geometry, name):
        self.name, self.rng = name, np.random.default_rng(1)
        facts = json.load(open(f"{truth}/{name}.json"))
        camera = facts["camera"]
        self.f, self.cx, self.cy = camera["fx"], camera["cx"], camera["cy"]
        worn, bare = (np.load(f"{geometry}/{name}_{which}.npz") for which in ("worn", "bare"))
        to_camera = np.array(camera["world_to_camera_blender"])[:3, :3]
        normal = bare["normal"].astype(float) @ to_camera.T
        over, under = worn["depth"] * 1000.0, bare["depth"] * 1000.0
        jewelry = cv2.imread(f"{truth}/{name}_worn_mask_jewelry.png", 0)
        skin = cv2.imread(f"{truth}/{name}_worn_mask_skin.png", 0)
        self.surface = np.where((over < under - 0.05) & (jewelry > 20), over, np.inf)
        self.px_per_mm = self.f / np.median(under[jewelry > 127])
        near = distance_transform_edt(jewelry <= 127) <= RING_MM * self.px_per_mm
        self.ring = near & (jewelry == 0) & (skin >= 128) & (under < 1e5)
        y, x = np.nonzero(self.ring)
        z = under[y, x]
        self.points = np.stack([(x + 0.5 - self.cx) / self.f * z, -(y + 0.5 - self.cy) / self.f * z, -z], 1)
        self.normals = unit(normal[y, x])
        light = facts["light"]
        self.key = unit(np.array(light["key_dir_camera_xyz_right_up_back"]))
        # The studio's lamps: distance and size, m; its fill stands opposite the key.
        portrait = facts["kind"] == "portrait"
        self.key_spread = light.get("key_size_m", 0.3) / (1.7 if portrait else 0.8)
        k = np.array(light["key_dir_world"])
        fill = [-k[0], -abs(k[1]) - 0.3, 0.15] if portrait else [-k[0], k[1], 0.1]
        self.fill, self.fill_spread = to_camera @ unit(np.array(fill)), 1.2 / 1.6 if portrait else 0.6 / 0.9
        self.bare = linear(f"{truth}/{name}_bare.png")[self.ring]
        self.worn = lab(linear(f"{truth}/{name}_worn.png")[self.ring])

    def blocked(self, directions):
        """Whether jewelry lies on the way from each point along its direction."""
        out = np.zeros(len(self.points), bool)
        height, width = self.surface.shape
        for t in STEPS:
            p = self.points + self.normals * 0.05 + directions * t
            z = -p[:, 2]
            u = np.floor(p[:, 0] / z * self.f + self.cx).astype(int)
            v = np.floor(-p[:, 1] / z * self.f + self.cy).astype(int)
            ok = (u >= 0) & (v >= 0) & (u < width) & (v < height)
            surface = np.full(len(z), np.inf)
            surface[ok] = self.surface[v[ok], u[ok]]
            out |= (z > surface + 0.02) & (z < surface + THICK_MM)
        return out

    def lamp(self, towards, spread, rays):
        """Share of a square lamp that jewelry hides from each point."""
        a = unit(np.cross(towards, [0, 1, 0]))
        b = np.cross(towards, a)
        hidden = np.zeros(len(self.points))
        for _ in range(rays):
            q = (self.rng.random((len(hidden), 2)) - 0.5) * spread
            hidden += self.blocked(unit(towards + q[:, :1] * a + q[:, 1:] * b))
        return hidden / rays

    def sky(self, rays):
        hidden = np.zeros(len(self.points))
        for _ in range(rays):
            hidden += self.blocked(unit(self.normals + unit(self.rng.normal(size=self.points.shape))))
        return hidden / rays

    def spread(self, loss, mm):
        if mm <= 0:
            return loss
        image = np.zeros(self.ring.shape)
        image[self.ring] = loss
        weight = gaussian_filter(self.ring.astype(float), mm * self.px_per_mm)
        return (gaussian_filter(image, mm * self.px_per_mm) / np.maximum(weight, 1e-6))[self.ring]

    def least(self):
        """Smallest share that is left, over all strengths."""
        key, fill, sky = (
            self.lamp(self.key, self.key_spread, RAYS["key"]),
            self.lamp(self.fill, self.fill_spread, RAYS["fill"]),
            self.sky(RAYS["sky"]),
        )
        lit, filled = (np.maximum(self.normals @ d, 0) for d in (self.key, self.fill))
        plain = deltaE_ciede2000(lab(self.bare), self.worn).sum()
        best = np.inf
        grid = itertools.product((0, 0.1, 0.2, 0.35), (0.05, 0.1, 0.2, 0.35, 0.6), (0, 0.25, 0.5, 0.8))
        for of_fill, of_sky, mm in grid:
            light = np.maximum(lit + of_fill * filled + of_sky, 1e-3)
            loss = (lit * key + of_fill * filled * fill + of_sky * sky) / light
            # Red wanders farthest in skin.
            spread = [np.clip(self.spread(loss, mm * far), 0, 0.97) for far in (1.6, 1.0, 0.7)]
            for bend in (0.6, 0.8, 1.0, 1.3):
                v = np.clip(self.bare, 0, 0.999)
                left = v * (1 - np.stack(spread, 1)) ** bend
                best = min(best, deltaE_ciede2000(lab(left / (1 - v + left)), self.worn).sum())
        return best / plain


def main():
    truth, geometry = sys.argv[1:]
    shares = {}
    for path in sorted(glob.glob(f"{geometry}/*_worn.npz")):
        name = os.path.basename(path)[: -len("_worn.npz")]
        scene = Scene(truth, geometry, name)
        shares[name] = scene.least()
        print(f"{name} {100 * shares[name]:.0f} % of {scene.ring.sum()} px at {scene.px_per_mm:.2f} px per mm", flush=True)
    for what, some in (("hands", "h"), ("portraits", "p"), ("all", "hp")):
        values = [v for n, v in shares.items() if n[0] in some]
        if values:
            print(f"{what}: median {100 * np.median(values):.0f} %, n {len(values)}")


if __name__ == "__main__":
    main()
