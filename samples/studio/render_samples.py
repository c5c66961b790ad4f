"""Render the sample pictures again: `.venv/bin/python render_samples.py` (run `./setup.sh` once before).

    --out DIR        where to write (default: the samples folder above this one)
    --only A,B       only the products and models whose names contain one of these
    --scale 0.25     smaller pictures, for a quick look
    --samples 64     light paths per pixel: more are slower and cleaner
    --lists          only write products.yaml and models.yaml

Everything is seeded: the same Blender on the same kind of machine gives the same pictures.
"""

import argparse
import os
import tempfile
import time

import numpy as np
from PIL import Image

from studio import products
from studio.hands import hand
from studio.models import MODELS, PORTRAIT
from studio.portraits import portrait

PRODUCT_PIXELS = 1280


def develop(source, target, seed, focal_35mm, limit=390_000):
    """Turn a render into a photograph: a little lens softness and film grain, then a JPEG below `limit` bytes."""
    rng = np.random.default_rng(seed)
    pixels = np.asarray(Image.open(source).convert("RGB"), np.float32) / 255
    height, width, _ = pixels.shape
    y, x = np.mgrid[0:height, 0:width]
    radius = np.hypot((x - width / 2) / width, (y - height / 2) / height)
    pixels = pixels * (1 - 0.10 * radius**2)[..., None]
    coarse = rng.normal(0, 1, (height // 2 + 1, width // 2 + 1)).repeat(2, 0).repeat(2, 1)[:height, :width]
    grain = 0.7 * rng.normal(0, 1, (height, width)) + 0.5 * coarse
    color = rng.normal(0, 1, (height, width, 3))
    tone = 0.35 + np.sqrt(np.clip(pixels.mean(2), 0, 1) * (1 - np.clip(pixels.mean(2), 0, 1)))
    pixels = pixels + (0.0085 * grain * tone)[..., None] + 0.0035 * color * tone[..., None]
    picture = Image.fromarray((np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8))
    exif = Image.Exif()
    exif[0x010E] = "Rendered sample, CC0-1.0"  # ImageDescription
    exif.get_ifd(0x8769)[0xA405] = round(focal_35mm)  # FocalLengthIn35mmFilm
    for quality in (92, 91, 90, 88, 86, 84):
        picture.save(target, quality=quality, subsampling=0, optimize=True, exif=exif)
        if os.path.getsize(target) <= limit:
            break


def clear_hidden(path):
    """Zero the colour of fully transparent pixels and of invisible traces, so that the background is clean."""
    pixels = np.array(Image.open(path))
    pixels[pixels[..., 3] < 3] = 0
    Image.fromarray(pixels).save(path, optimize=True)


def yaml_value(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k}: {yaml_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, float) and value == int(value):
        return f"{value:.1f}"
    return str(value)


def yaml_entries(entries, header):
    """A list of flat mappings as YAML."""
    lines = ["# " + line for line in header]
    for entry in entries:
        lines += [f"{'- ' if i == 0 else '  '}{k}: {yaml_value(v)}" for i, (k, v) in enumerate(entry.items())]
    return "\n".join(lines) + "\n"


def save_list(path, entries, header):
    """Write a complete list; a partial run leaves the old one alone."""
    if entries is not None:
        with open(path, "w") as out:
            out.write(yaml_entries(entries, header))


def render_products(out, wanted, scale, samples):
    folder, entries = os.path.join(out, "products"), []
    os.makedirs(folder, exist_ok=True)
    for name in filter(wanted, products.PRODUCTS):
        start, path = time.time(), os.path.join(folder, name + ".png")
        facts = products.shoot(name, path if samples else None, int(PRODUCT_PIXELS * scale), samples)
        if samples:
            clear_hidden(path)
        entries.append(dict(file=name + ".png", **facts))
        print(f"product {name} {time.time() - start:.0f} s", flush=True)
    return entries if len(entries) == len(products.PRODUCTS) else None


def photograph(path, spec, scale, samples):
    """Render and develop one person."""
    size = tuple(int(s * scale) for s in spec.get("size", PORTRAIT))
    with tempfile.TemporaryDirectory() as work:
        raw = os.path.join(work, "raw.png")
        shoot = portrait if spec["kind"] == "portrait" else hand
        focal = shoot(raw, spec, size, samples)
        develop(raw, path, spec["seed"], focal)


def render_models(out, wanted, scale, samples):
    folder, entries = os.path.join(out, "models"), []
    os.makedirs(folder, exist_ok=True)
    for name in filter(wanted, MODELS):
        start, spec = time.time(), MODELS[name]
        if samples:
            photograph(os.path.join(folder, name + ".jpg"), spec, scale, samples)
        entry = dict(file=name + ".jpg", kind=spec["kind"], **spec["tags"])
        if "yaw" in spec:
            entry["yaw"] = spec["yaw"]
        entries.append(entry)
        print(f"model {name} {time.time() - start:.0f} s", flush=True)
    return entries if len(entries) == len(MODELS) else None


PRODUCTS_HEADER = [
    "Sample products. Sizes in millimetres, measured on the piece as it appears in the picture.",
    "chain_length_mm is the arc length of the whole chain, which lies open in the picture.",
]
MODELS_HEADER = [
    "Sample photographs of people without jewelry. tone: light, medium, deep.",
    "yaw in degrees, positive when the face is turned to the right of the picture.",
]


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description="Render the sample pictures.")
    parser.add_argument("--out", default=os.path.dirname(here))
    parser.add_argument("--only", default="")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--samples", type=int, default=0, help="default: 14 for products, 8 for models")
    parser.add_argument("--lists", action="store_true")
    args = parser.parse_args()

    def wanted(name):
        return not args.only or any(part in name for part in args.only.split(","))

    entries = render_products(args.out, wanted, args.scale, 0 if args.lists else args.samples or 14)
    save_list(os.path.join(args.out, "products", "products.yaml"), entries, PRODUCTS_HEADER)
    entries = render_models(args.out, wanted, args.scale, 0 if args.lists else args.samples or 8)
    save_list(os.path.join(args.out, "models", "models.yaml"), entries, MODELS_HEADER)


if __name__ == "__main__":
    main()
