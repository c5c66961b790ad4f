"""The lobe locator as an ONNX graph: oriented edges on cells of 2 mm, and one template that is slid over them.

Input [1, SIZE, SIZE, 3]: RGB 0..1, pixels of 1 mm, upright with the head and mirrored to a left ear. Output "map"
[1, 1, SIZE / 2, SIZE / 2]: about 1 where the lobe is pierced, about 0 elsewhere. The edges are those of the logarithm of
light, whatever their sign, against the mean edge around them: the same on any skin, before any backdrop, in any light.
"""
import sys
from pathlib import Path

import numpy as np

ONNX = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ONNX / "convert"))
from onnx_graph import OnnxGraph  # noqa: E402

SIZE = 64
CELL = 2
CELLS = SIZE // CELL
DIRECTIONS = 6
# Side of the template in cells.
SPAN = 17
# Light below this is noise; edges are blurred by this (pixels), compared with their mean over a square of this side, and
# with this much at least.
DARK, BLUR, AROUND, FLAT = 0.03, 0.8, 17, 0.06


def edge_kernels():
    """Derivatives of a Gaussian in six directions for each of three channels: [18, 3, 7, 7]."""
    y, x = np.mgrid[-3:4, -3:4].astype(float)
    bell = np.exp(-(x * x + y * y) / (2 * BLUR ** 2))
    slope = x * bell
    kernels = np.zeros((DIRECTIONS * 3, 3, 7, 7), np.float32)
    for k in range(DIRECTIONS):
        angle = k * np.pi / DIRECTIONS
        along = np.cos(angle) * x + np.sin(angle) * y
        for c in range(3):
            # A ramp of slope 1 gives 1.
            kernels[3 * k + c, c] = along * bell / (slope * x).sum()
    return kernels


def edges(graph):
    """Adds the edges; gives the name of [1, DIRECTIONS, CELLS, CELLS]."""
    x = graph.node("Transpose", ["input"], perm=[0, 3, 1, 2])
    x = graph.node("Log", [graph.node("Add", [x, graph.floats([DARK])])])
    x = graph.node("Conv", [x, graph.floats(edge_kernels())], kernel_shape=[7, 7], pads=[3] * 4)
    # Beyond the patch there is nothing, which is no edge.
    frame = np.zeros((1, 1, SIZE, SIZE), np.float32)
    frame[..., 3:-3, 3:-3] = 1
    x = graph.node("Mul", [graph.node("Abs", [x]), graph.floats(frame)])
    x = graph.node("Reshape", [x, graph.ints([DIRECTIONS, 3, SIZE, SIZE])])
    x = graph.node("ReduceMax", [x], axes=[1], keepdims=1)
    x = graph.node("Reshape", [x, graph.ints([1, DIRECTIONS, SIZE, SIZE])])
    total = graph.node("Conv", [x, graph.floats(np.ones((1, DIRECTIONS, 1, 1)))], kernel_shape=[1, 1])
    square = dict(kernel_shape=[AROUND] * 2, strides=[1, 1], pads=[AROUND // 2] * 4, count_include_pad=1)
    mean = graph.node("AveragePool", [total], **square)
    x = graph.node("Div", [x, graph.node("Add", [mean, graph.floats([FLAT])])])
    x = graph.node("AveragePool", [x], kernel_shape=[4, 4], strides=[CELL] * 2, pads=[1] * 4, count_include_pad=1)
    return graph.node("Sqrt", [x])


def edges_model():
    graph = OnnxGraph()
    return graph.finish([("input", [1, SIZE, SIZE, 3])], [(edges(graph), "edges", [1, DIRECTIONS, CELLS, CELLS])])


def model(template, bias):
    """The whole locator; `template` is [DIRECTIONS, SPAN, SPAN]."""
    graph = OnnxGraph()
    half = np.asarray(template, np.float32).astype(np.float16).astype(np.float32)
    weight = graph.weight("template", half[None])
    x = graph.node("Conv", [edges(graph), weight, graph.floats([bias])], kernel_shape=[SPAN] * 2, pads=[SPAN // 2] * 4)
    return graph.finish([("input", [1, SIZE, SIZE, 3])], [(x, "map", [1, 1, CELLS, CELLS])])
