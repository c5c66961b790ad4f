"""Fits the template by ridge regression and writes ../../ear_lobe.onnx and its paragraph in ../../models.yaml.

    python fit.py SCENES... [--things DIR] [--check]

SCENES: folders of rendered portraits (see scenes.py). THINGS: any folder of photographs without people, for backdrops
(scikit-image's data folder does). With --check nothing is written: templates are fitted without one fifth of the scenes
in turn and measured on it. A minute of one core.
"""
import argparse
import glob
import hashlib
import re

import cv2
import numpy as np
import onnxruntime

from augment import patch_of, sample
from model import CELL, CELLS, DIRECTIONS, ONNX, SIZE, SPAN, edges_model, model
from scenes import load
from manifest import TRAINED  # found beside onnx_graph, where model.py looks

NAME = "ear_lobe"
FOLDS = 5
# Changed pictures per ear; spread of the answer that is asked for, mm; the least prior weight of all windows.
PER_EAR, SPREAD, RIDGE = 16, 2.5, 30.0
# How the map is read: exponent, and standard deviation of where heads have their lobes, mm (see src/locate/lobe.rs).
SHARP, PRIOR = 15.0, 8.0
TICKS = (np.arange(CELLS) + 0.5) * CELL - SIZE / 2
LENGTH = SPAN * SPAN * DIRECTIONS


def windows(edges):
    """Edges around every cell: [CELLS, CELLS, LENGTH], in the template's order."""
    padded = np.pad(edges, ((0, 0), (SPAN // 2,) * 2, (SPAN // 2,) * 2))
    view = np.lib.stride_tricks.sliding_window_view(padded, (SPAN, SPAN), axis=(1, 2))
    return view.transpose(1, 2, 0, 3, 4).reshape(CELLS, CELLS, LENGTH)


class Fit:
    """Normal equations per fold."""

    def __init__(self, session):
        self.session = session
        self.a = np.zeros((FOLDS, LENGTH + 1, LENGTH + 1))
        self.b = np.zeros((FOLDS, LENGTH + 1))

    def edges(self, image):
        return self.session.run(None, {"input": image[None].astype(np.float32)})[0][0]

    def add(self, rng, fold, image, place, seen):
        off = (TICKS[None] - place[0]) ** 2 + (TICKS[:, None] - place[1]) ** 2
        near = np.argwhere(off < 25)
        far = np.argwhere((off >= 25) & (off < 24 ** 2))
        far = far[rng.choice(len(far), min(len(far), 24), replace=False)]
        rows, columns = np.vstack([near, far]).T
        x = np.c_[windows(self.edges(image))[rows, columns], np.ones(len(rows))]
        y = np.exp(-off[rows, columns] / (2 * SPREAD ** 2)) if seen else np.zeros(len(rows))
        weight = np.r_[np.ones(len(near)), np.full(len(far), 2.0)][:, None]
        self.a[fold] += (x * weight).T @ x
        self.b[fold] += (x * weight).T @ y

    def solve(self, without=None):
        folds = [f for f in range(FOLDS) if f != without]
        a = self.a[folds].sum(0) + RIDGE * len(folds) / FOLDS * np.eye(LENGTH + 1)
        w = np.linalg.solve(a, self.b[folds].sum(0))
        return w[:-1].reshape(DIRECTIONS, SPAN, SPAN), w[-1]


def read(answer):
    """Place in mm and height of the answer."""
    prior = (TICKS[None] ** 2 + TICKS[:, None] ** 2) / (2 * PRIOR ** 2)
    logit = SHARP * answer - prior
    share = np.exp(logit - logit.max())
    share /= share.sum()
    return np.array([share.sum(0) @ TICKS, share.sum(1) @ TICKS]), (share * answer).sum()


def check(fit, ears, folds):
    errors, heights, seen = [], [], []
    for fold in range(FOLDS):
        template, bias = fit.solve(without=fold)
        session = onnxruntime.InferenceSession(model(template, bias).SerializeToString())
        for ear in (e for e in ears if folds[e.scene] == fold):
            for shift in ((4, 0), (-4, 0), (0, 4), (0, -4), (6, 6), (-6, -6)):
                (image,) = patch_of(ear, np.array(shift, float), 0, 1, (ear.rgb,))
                answer = session.run(None, {"input": np.clip(image, 0, 1)[None].astype(np.float32)})[0][0, 0]
                place, height = read(answer)
                heights.append(height)
                seen.append(ear.seen)
                errors.append(np.hypot(*(place + shift)))
    errors, heights, seen = map(np.array, (errors, heights, seen))
    print(f"seen ears: median {np.median(errors[seen]):.2f} mm, 90 % {np.quantile(errors[seen], 0.9):.2f} mm")
    for level in (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5):
        print(f"answer above {level}: {100 * (heights[seen] > level).mean():.0f} % of the seen, "
              f"{100 * (heights[~seen] > level).mean():.0f} % of the hidden")
    return errors, heights, seen


def write(template, bias):
    data = model(template, bias).SerializeToString(deterministic=True)
    (ONNX / f"{NAME}.onnx").write_bytes(data)
    entry = f"""\
  - name: {NAME}
    file: {NAME}.onnx
    sha256: {hashlib.sha256(data).hexdigest()}
    inputs:
      - {{name: input, shape: [1, {SIZE}, {SIZE}, 3], range: [0, 1]}}
    outputs:
      - {{name: map, shape: [1, 1, {CELLS}, {CELLS}]}}
    origin: train/lobe, from pictures rendered by this project's studio
    licence: CC0-1.0
"""
    manifest = ONNX / "models.yaml"
    others = re.sub(rf"  - name: {NAME}\n(    .*\n)*", "", manifest.read_text())
    manifest.write_text(others + ("" if TRAINED in others else TRAINED) + entry)
    print(len(data), "bytes")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("scenes", nargs="+")
    parser.add_argument("--things")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    rng = np.random.default_rng(1)
    ears = load(args.scenes)
    images = [cv2.imread(p) for p in sorted(glob.glob(f"{args.things}/*"))] if args.things else []
    things = [i[..., ::-1].astype(np.float32) / 255 for i in images if i is not None and min(i.shape[:2]) > 80]
    print(sum(e.seen for e in ears), "seen,", sum(not e.seen for e in ears), "hidden,", len(things), "backdrops")
    folds = {name: i % FOLDS for i, name in enumerate(sorted({e.scene for e in ears}))}
    fit = Fit(onnxruntime.InferenceSession(edges_model().SerializeToString()))
    for ear in ears:
        for _ in range(PER_EAR if ear.seen else PER_EAR // 2):
            fit.add(rng, folds[ear.scene], *sample(rng, ear, things))
    if args.check:
        check(fit, ears, folds)
    else:
        write(*fit.solve())


if __name__ == "__main__":
    main()
