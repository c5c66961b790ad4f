"""Fits how the back of a hand is shaded and writes ../../hand_shading.json.

    pip install -r requirements.txt
    python fit.py SCENES... [--parure PATH] [--check]

SCENES: folders of bare hands as the studio renders them, NAME.json with the key light's direction beside NAME_bare.png;
best each hand under several lights (NAME, NAMEa, NAMEb, ..). PARURE: the program, which locates the hands. Two minutes of
one core. With --check nothing is written: what is fitted without one sixth of the scenes, with all their lights, is
measured on it in turn.
"""
import argparse
import glob
import json
import os
import re
import subprocess

import numpy as np

import model
import stations

FOLDS = 6
# As in src/locate/light/shading.rs.
ELEVATION, AZIMUTH = (40.0, 30.0), 134.0


def load(folders, parure):
    pictures = {}
    for folder in folders:
        for path in sorted(glob.glob(os.path.join(folder, "h*.json"))):
            truth = json.load(open(path))
            picture = path[:-5] + "_bare.png"
            if "light" in truth and os.path.exists(picture):
                pictures[picture] = truth["light"]["key_dir_camera_xyz_right_up_back"]
    out = []
    paths = list(pictures)
    for first in range(0, len(paths), 50):
        some = paths[first : first + 50]
        told = subprocess.run([parure, "locate", "--json", *some], capture_output=True, text=True).stdout
        for path, line in zip(some, told.splitlines()):
            report = json.loads(line)
            if report["hands"] and report["hands"][0]["side"] == "back":
                seen = stations.hand(stations.picture(path), report["hands"][0])
                scene = re.match(r".*?_s\d+", os.path.basename(path))[0]
                out.append(model.Sample(scene, seen, pictures[path]))
    return out


def held_out(samples):
    """Angles between found and true direction, and misfits, each scene left out in turn."""
    scenes = sorted({s.scene for s in samples})
    np.random.default_rng(0).shuffle(scenes)
    angles, misfits = [], []
    for fold in range(FOLDS):
        out = set(scenes[fold::FOLDS])
        fitted = model.fit([s for s in samples if s.scene not in out])
        for s in samples:
            if s.scene in out:
                d, misfit = model.infer(fitted, s, ELEVATION, AZIMUTH)
                angles.append(np.degrees(np.arccos(np.clip(d @ s.light, -1, 1))))
                misfits.append(misfit)
    return np.array(angles), np.array(misfits)


def main():
    a = argparse.ArgumentParser()
    a.add_argument("scenes", nargs="+")
    a.add_argument("--parure", default="../../../target/release/parure")
    a.add_argument("--check", action="store_true")
    a = a.parse_args()
    samples = load(a.scenes, a.parure)
    angles, misfits = held_out(samples)
    usual = float(np.percentile(misfits, 90))
    print(
        f"{len(samples)} pictures of {len({s.scene for s in samples})} scenes, held out: median {np.median(angles):.1f}°, "
        f"mean {angles.mean():.1f}°, 90 % {np.percentile(angles, 90):.1f}°; misfit 90 % {usual:.2f}"
    )
    if a.check:
        return
    fitted = model.fit(samples)
    rounded = lambda values, digits=4: [round(float(v), digits) for v in values]
    rows = zip(fitted["mean"], fitted["light"], fitted["common"], fitted["own"])
    table = dict(
        usual_misfit=round(usual, 3),
        stations=[
            dict(mean=round(float(m), 4), light=rounded(l), common=rounded(c, 3), own=round(float(o), 5))
            for m, l, c, o in rows
        ],
    )
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "../../hand_shading.json"), "w") as out:
        # A station a line.
        lines = ",\n".join(json.dumps(s, separators=(",", ":")) for s in table["stations"])
        out.write(f'{{"usual_misfit":{table["usual_misfit"]},"stations":[\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
