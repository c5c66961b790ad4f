"""Writes the trained network as ../../face_regions.onnx and its paragraph in ../../models.yaml.

    python export.py WEIGHTS.pt      # needs torch, numpy, onnx; see train.py

Batch normalisation is folded into the convolutions; weights are rounded to 16 bits, activations are 32-bit. Input
[1, SIZE, SIZE, 8] (geometry.channels with the channels last), output [1, SIZE, SIZE, 4]: shares of skin, hair, cloth and
background.
"""
import hashlib
import re
import sys
from pathlib import Path

import numpy as np
import torch

from geometry import SIZE
from net import Matte

ONNX = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ONNX / "convert"))
from manifest import TRAINED  # noqa: E402
from onnx_graph import OnnxGraph  # noqa: E402

NAME = "face_regions"


class Exporter:
    def __init__(self):
        self.graph = OnnxGraph()

    def weight(self, name, value):
        return self.graph.weight(name, value.astype(np.float16).astype(np.float32))

    def conv(self, x, conv, norm=None, stride=1):
        weight = conv.weight.detach().double().numpy()
        bias = conv.bias.detach().double().numpy() if conv.bias is not None else np.zeros(len(weight))
        if norm is not None:
            scale = (norm.weight / (norm.running_var + norm.eps).sqrt()).detach().double().numpy()
            weight = weight * scale[:, None, None, None]
            bias = norm.bias.detach().double().numpy() + (bias - norm.running_mean.double().numpy()) * scale
        pad = weight.shape[-1] // 2
        y = self.graph.node(
            "Conv", [x, self.weight("w", weight), self.weight("b", bias)],
            kernel_shape=list(weight.shape[2:]), pads=[pad] * 4, strides=[stride, stride])
        return y if norm is None else self.graph.node("Relu", [y])

    def block(self, x, block):
        """One of net.conv's blocks."""
        return self.conv(x, block[0], block[1], block[0].stride[0])

    def grow(self, x, size):
        sizes = self.graph.ints([1, x[1], size, size])
        return self.graph.node(
            "Resize", [x[0], "", "", sizes], mode="linear", coordinate_transformation_mode="half_pixel")

    def model(self, net):
        x = self.graph.node("Transpose", ["input"], perm=[0, 3, 1, 2])
        skips, sizes = [self.block(x, net.stem)], [SIZE]
        for down in net.down:
            y = self.block(self.block(skips[-1], down[0]), down[1])
            skips.append(y)
            sizes.append(sizes[-1] // 2)
        y, width = self.block(skips.pop(), net.deep), net.WIDTHS[-1]
        sizes.pop()
        for up, own in zip(net.up, reversed(net.WIDTHS[:-1])):
            y = self.grow((y, width), sizes.pop())
            y = self.block(self.graph.node("Concat", [y, skips.pop()], axis=1), up)
            width = own
        y = self.graph.node("Transpose", [self.conv(y, net.head)], perm=[0, 2, 3, 1])
        y = self.graph.node("Softmax", [y], axis=3)
        return self.graph.finish([("input", [1, SIZE, SIZE, 8])], [(y, "shares", [1, SIZE, SIZE, 4])])


def main(weights):
    net = Matte()
    net.load_state_dict(torch.load(weights, map_location="cpu"))
    net.eval()
    data = Exporter().model(net).SerializeToString(deterministic=True)
    (ONNX / f"{NAME}.onnx").write_bytes(data)
    manifest = ONNX / "models.yaml"
    others = re.sub(rf"  - name: {NAME}\n(    .*\n)*", "", manifest.read_text())
    if TRAINED not in others:
        others += TRAINED
    manifest.write_text(others + f"""\
  - name: {NAME}
    file: {NAME}.onnx
    sha256: {hashlib.sha256(data).hexdigest()}
    inputs:
      - {{name: input, shape: [1, {SIZE}, {SIZE}, 8], range: [-1.5, 1.5]}}
    outputs:
      - {{name: shares, shape: [1, {SIZE}, {SIZE}, 4]}}
    origin: train/matte, from pictures rendered by this project's studio
    licence: CC0-1.0
""")
    import onnxruntime
    x = np.random.default_rng(0).uniform(-0.5, 0.5, (1, SIZE, SIZE, 8)).astype(np.float32)
    with torch.no_grad():
        expected = net(torch.from_numpy(x.transpose(0, 3, 1, 2))).softmax(1).numpy().transpose(0, 2, 3, 1)
    got = onnxruntime.InferenceSession(data).run(None, {"input": x})[0]
    print(len(data), "bytes; largest difference by rounding to 16 bits", np.abs(got - expected).max())


if __name__ == "__main__":
    main(sys.argv[1])
