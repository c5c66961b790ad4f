#!/usr/bin/env python3
"""Makes the small picture files that tests/decode.rs reads, expected.json beside them, and the sRGB profile that
Parure embeds in what it writes (src/imaging/srgb.icc).

    pip install -r requirements.txt && python make_fixtures.py

The files come from Pillow and the expected colours from LittleCMS, so that neither encoder nor colour management is
the one under test. Profiles are built here from published primaries.
"""

import io
import json
import struct
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps

HERE = Path(__file__).parent / "files"
D50 = np.array([0.9642, 1.0, 0.8249])
# EXIF orientation -> how a viewer turns the stored picture (Pillow's own names).
TURN = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
UNDO = {Image.Transpose.ROTATE_270: Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_90: Image.Transpose.ROTATE_270}


def fixed(value):
    return struct.pack(">i", round(value * 65536))


def profile(space, pcs, klass, version, tags):
    """An ICC profile from its tags (ICC.1:2004, 7.2 and 7.3); tags of the same body share it."""
    data, table, places = b"", b"", {}
    start = 128 + 4 + 12 * len(tags)
    for name, body in tags:
        if body not in places:
            places[body] = start + len(data)
            data += body + b"\0" * (-len(body) % 4)
        table += name + struct.pack(">II", places[body], len(body))
    head = struct.pack(">I4s4s4s4s4s", start + len(data), b"none", version, klass, space, pcs)
    head += struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28
    head += b"".join(fixed(v) for v in D50)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + data


def text(kind, value):
    if kind == b"desc":
        raw = value.encode() + b"\0"
        return b"desc\0\0\0\0" + struct.pack(">I", len(raw)) + raw + b"\0" * 78
    return b"text\0\0\0\0" + value.encode() + b"\0"


def adapted_colorants(primaries, white=(0.3127, 0.3290)):
    """XYZ of the primaries, adapted to D50 by Bradford."""
    xyz = np.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
    w = np.array([white[0] / white[1], 1, (1 - sum(white)) / white[1]])
    rgb = xyz * np.linalg.solve(xyz, w)
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    scale = np.diag((bradford @ D50) / (bradford @ w))
    return (np.linalg.inv(bradford) @ scale @ bradford @ rgb).T


def rgb_profile(name, primaries, curve):
    tags = [(b"desc", text(b"desc", name)), (b"cprt", text(b"text", "CC0")), (b"wtpt", xyz(D50))]
    tags += [(t, xyz(c)) for t, c in zip((b"rXYZ", b"gXYZ", b"bXYZ"), adapted_colorants(primaries))]
    tags += [(t, curve) for t in (b"rTRC", b"gTRC", b"bTRC")]
    return profile(b"RGB ", b"XYZ ", b"mntr", b"\x02\x40\0\0", tags)


def xyz(value):
    return b"XYZ \0\0\0\0" + b"".join(fixed(v) for v in value)


def gamma(value):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256))


def sampled(transfer):
    values = [round(65535 * transfer(i / 1023)) for i in range(1024)]
    return b"curv\0\0\0\0" + struct.pack(">I1024H", 1024, *values)


def srgb_to_linear(v):
    return v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4


def cmyk_profile():
    """A press of made-up inks: a 4-step table from ink to Lab, 'mft2' (ICC.1:2001, 6.5.8)."""
    steps = 4
    lab = []
    for i in np.ndindex(steps, steps, steps, steps):
        c, m, y, k = np.array(i) / (steps - 1)
        light = (1 - 0.45 * c) * (1 - 0.5 * m) * (1 - 0.1 * y) * (1 - 0.9 * k)
        lab.append((100 * light, (70 * m - 35 * c) * (1 - k), (85 * y - 45 * c - 5 * m) * (1 - k)))
    clut = b"".join(
        struct.pack(">3H", round(l * 652.8), round((a + 128) * 256), round((b + 128) * 256)) for l, a, b in lab
    )
    ramp = struct.pack(">2H", 0, 65535)
    body = b"mft2\0\0\0\0" + struct.pack(">4B", 4, 3, steps, 0)
    body += b"".join(fixed(v) for v in np.eye(3).flat) + struct.pack(">2H", 2, 2) + ramp * 4 + clut + ramp * 3
    tags = [(b"desc", text(b"desc", "made-up press")), (b"cprt", text(b"text", "CC0"))]
    tags += [(b"wtpt", xyz(D50)), (b"A2B0", body)]
    return profile(b"CMYK", b"Lab ", b"prtr", b"\x02\x40\0\0", tags)


def to_srgb(image, icc):
    srgb = ImageCms.createProfile("sRGB")
    source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    out = ImageCms.profileToProfile(image, source, srgb, outputMode="RGB")
    return np.asarray(out).reshape(-1, 3).tolist()


def blocks():
    """48 × 32, six blocks of 16 × 16, no two alike: flat, so that JPEG keeps them."""
    colors = [(200, 40, 40), (40, 180, 60), (50, 60, 200), (220, 210, 60), (30, 30, 30), (235, 235, 235)]
    grid = np.array(colors, np.uint8).reshape(2, 3, 3)
    return Image.fromarray(grid.repeat(16, 0).repeat(16, 1))


def exif(orientation, focal=85):
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags.get_ifd(0x8769)[0xA405] = focal
    return tags


def save(image, name, **options):
    image.save(HERE / name, **options)


def main():
    HERE.mkdir(exist_ok=True)
    expected = {}
    upright = blocks()
    rng = np.random.default_rng(1)

    for orientation, turn in TURN.items():
        stored = upright if turn is None else upright.transpose(UNDO.get(turn, turn))
        name = f"orientation_{orientation}.jpg"
        save(stored, name, quality=95, subsampling=0, exif=exif(orientation))
        shown = np.asarray(ImageOps.exif_transpose(Image.open(HERE / name)), int)
        assert abs(shown - np.asarray(upright, int)).max() < 8, orientation
    turned = upright.transpose(Image.Transpose.ROTATE_90)
    save(turned, "orientation_6.png", exif=exif(6))
    save(turned, "orientation_6.webp", lossless=True, exif=exif(6))

    smooth = Image.fromarray(rng.integers(0, 256, (4, 4, 3), np.uint8)).resize((64, 48), Image.Resampling.BICUBIC)
    save(smooth, "baseline.jpg", quality=92)
    save(smooth, "progressive.jpg", quality=92, progressive=True)
    save(smooth, "restart.jpg", quality=92, restart_marker_rows=1)
    save(smooth.convert("L"), "gray.jpg", quality=92)
    save(smooth, "plain.png")
    save(smooth, "lossy.webp", quality=80)
    save(smooth, "lossless.webp", lossless=True)
    save(smooth, "plain.tif")

    alpha = Image.fromarray(np.dstack([np.asarray(smooth), np.tile(np.arange(64, dtype=np.uint8) * 4, (48, 1))]))
    save(alpha, "alpha.png")
    save(alpha, "alpha.webp", lossless=True, exact=True)
    save(alpha.convert("LA"), "gray_alpha.png")
    save(smooth.convert("1"), "bilevel.png")
    save(upright.quantize(6), "palette.png")
    clear = upright.quantize(6)
    save(clear, "palette_clear.png", transparency=clear.getpixel((0, 0)))
    deep = np.linspace(0, 65535, 64 * 4).round().astype(np.uint16).reshape(4, 64)
    save(Image.fromarray(deep), "gray16.png")
    (HERE / "rgb16.png").write_bytes(png16(np.dstack([deep, deep[:, ::-1], deep[::-1]])))

    frames = [upright, upright.transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    save(frames[0], "animated.png", save_all=True, append_images=frames[1:], duration=100)
    save(frames[0], "animated.webp", save_all=True, append_images=frames[1:], duration=100, lossless=True)
    for name in ("one.png", "one.jpg", "one.webp"):
        save(Image.new("RGB", (1, 1), (200, 100, 50)), name)

    swatches = np.array(
        [[(r, g, b) for r in (0, 60, 128, 200, 255) for g in (0, 90, 255) for b in (0, 140, 255)]], np.uint8
    )
    wide = {
        "display_p3": rgb_profile(
            "P3", [(0.680, 0.320), (0.265, 0.690), (0.150, 0.060)], sampled(srgb_to_linear)
        ),
        "adobe_rgb": rgb_profile(
            "Adobe-like", [(0.64, 0.33), (0.21, 0.71), (0.15, 0.06)], gamma(563 / 256)
        ),
        "srgb": rgb_profile("sRGB", [(0.64, 0.33), (0.30, 0.60), (0.15, 0.06)], sampled(srgb_to_linear)),
    }
    (Path(__file__).parents[2] / "src/imaging/srgb.icc").write_bytes(wide["srgb"])
    for name, icc in wide.items():
        image = Image.fromarray(swatches)
        save(image, f"{name}.png", icc_profile=icc)
        expected[name] = to_srgb(image, icc)
    # Flat blocks, so that JPEG keeps the colours, and Adobe RGB said by EXIF alone, as cameras do.
    save(upright, "p3.jpg", quality=100, subsampling=0, icc_profile=wide["display_p3"])
    save(upright, "p3.webp", lossless=True, icc_profile=wide["display_p3"])
    centres = upright.resize((3, 2), Image.Resampling.NEAREST)
    expected["p3_blocks"] = to_srgb(centres, wide["display_p3"])
    camera = Image.Exif()
    camera.get_ifd(0x8769)[0xA001] = 0xFFFF
    camera.get_ifd(0x8769)[0xA005] = {1: "R03"}
    save(upright, "adobe_by_exif.jpg", quality=100, subsampling=0, exif=camera)
    expected["adobe_blocks"] = to_srgb(centres, wide["adobe_rgb"])

    # Inks at the points of the table: between them, every colour management interpolates in its own way.
    ink = np.array(
        [[(c, m, y, k) for c in (0, 85, 170) for m in (0, 170) for y in (0, 85) for k in (0, 85)]], np.uint8
    )
    ink = Image.fromarray(ink.repeat(16, 0).repeat(16, 1), "CMYK")
    press = cmyk_profile()
    (HERE / "press.icc").write_bytes(press)
    save(ink, "cmyk.jpg", quality=100)
    save(ink, "cmyk_profile.jpg", quality=100, icc_profile=press)
    centres = ink.resize((24, 1), Image.Resampling.NEAREST)
    expected["cmyk"] = to_srgb(centres, press)
    expected["cmyk_ink"] = np.asarray(centres)[0].tolist()

    (Path(__file__).parent / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")


def png16(pixels):
    """16-bit RGB, which Pillow does not write."""
    import zlib

    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


if __name__ == "__main__":
    main()
