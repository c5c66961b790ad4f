"""MediaPipe's own operators of the face mesh with attention, written as plain ONNX ones.

They cut regions (lips, eyes) out of a feature map by an affine transform found from landmarks, and carry the region's
landmarks back. Semantics: mediapipe/util/tflite/operations/{landmarks_to_transform_matrix,transform_landmarks,
transform_tensor_bilinear}.cc, version 2 of each.
"""

import numpy as np
from onnx import TensorProto


def _halves(c, value):
    """x and y of [1, n, ≥2] values, each [1, n, 1]."""
    ints = c.graph.ints
    return [c.graph.node("Slice", [value, ints([k]), ints([k + 1]), ints([2])]) for k in (0, 1)]


def landmarks_to_transform(c, op):
    """Landmarks [1, n, 3] to the matrix [1, 4, 4] that maps the output's pixels to the input's."""
    p = op.custom_map()
    assert p["target_rotation_radians"] == 0.0
    node, floats = c.graph.node, c.graph.floats
    landmarks = c.get(op.inputs[0])

    def points(indices):
        return _halves(c, node("Gather", [landmarks, c.graph.ints([int(i) for i in indices])], axis=1))

    (left_x, left_y), (right_x, right_y) = points([p["left_rotation_idx"]]), points([p["right_rotation_idx"]])
    dx, dy = node("Sub", [right_x, left_x]), node("Sub", [right_y, left_y])
    length = node("Sqrt", [node("Add", [node("Mul", [dx, dx]), node("Mul", [dy, dy])])])
    # Cosine and sine of −atan2(dy, dx), which levels the region.
    cos, sin = node("Div", [dx, length]), node("Div", [node("Neg", [dy]), length])

    x, y = points(p["subset_idxs"])
    u = node("Sub", [node("Mul", [x, cos]), node("Mul", [y, sin])])
    v = node("Add", [node("Mul", [x, sin]), node("Mul", [y, cos])])

    def extent(t):
        high, low = (node(f"Reduce{which}", [t], axes=[1], keepdims=1) for which in ("Max", "Min"))
        return node("Sub", [high, low]), node("Mul", [node("Add", [high, low]), floats(0.5)])

    (width, centre_u), (height, centre_v) = extent(u), extent(v)
    centre_x = node("Add", [node("Mul", [centre_u, cos]), node("Mul", [centre_v, sin])])
    centre_y = node("Sub", [node("Mul", [centre_v, cos]), node("Mul", [centre_u, sin])])

    out_w, out_h = p["output_width"], p["output_height"]
    scale_x = node("Mul", [width, floats(p["scale_x"] / out_w)])
    scale_y = node("Mul", [height, floats(p["scale_y"] / out_h)])
    a, b = node("Mul", [cos, scale_x]), node("Mul", [sin, scale_y])
    d, e = node("Neg", [node("Mul", [sin, scale_x])]), node("Mul", [cos, scale_y])

    def offset(centre, m, n):
        half = node("Add", [node("Mul", [m, floats(out_w / 2)]), node("Mul", [n, floats(out_h / 2)])])
        return node("Sub", [centre, half])

    zero = floats([[[0]]])
    row0 = node("Concat", [a, b, zero, offset(centre_x, a, b)], axis=2)
    row1 = node("Concat", [d, e, zero, offset(centre_y, d, e)], axis=2)
    rest = floats([[[0, 0, 1, 0], [0, 0, 0, 1]]])
    c.put(op.outputs[0], node("Concat", [row0, row1, rest], axis=1))


def _affine(c, matrix):
    """A matrix [1, 4, 4] as Aᵀ [1, 2, 2] and t [1, 1, 2] of p ↦ A p + t."""
    node, ints = c.graph.node, c.graph.ints
    top = node("Slice", [matrix, ints([0]), ints([2]), ints([1])])
    linear = node("Slice", [top, ints([0]), ints([2]), ints([2])])
    shift = node("Slice", [top, ints([3]), ints([4]), ints([2])])
    return node("Transpose", [linear], perm=[0, 2, 1]), node("Transpose", [shift], perm=[0, 2, 1])


def transform_landmarks(c, op):
    assert c.shape(op.inputs[0])[2] == 2
    linear, shift = _affine(c, c.get(op.inputs[1]))
    moved = c.graph.node("MatMul", [c.get(op.inputs[0]), linear])
    c.put(op.outputs[0], c.graph.node("Add", [moved, shift]))


def transform_tensor(c, op):
    """Bilinear resampling through a matrix: nothing outside the input, and no blending with it at the rim."""
    node, floats, ints = c.graph.node, c.graph.floats, c.graph.ints
    _, height, width, channels = c.shape(op.inputs[0])
    _, out_height, out_width, _ = c.shape(op.outputs[0])
    linear, shift = _affine(c, c.get(op.inputs[1]))
    rows, columns = np.mgrid[0:out_height, 0:out_width]
    grid = floats(np.stack([columns.ravel() + 0.5, rows.ravel() + 0.5], 1)[None])
    at = node("Sub", [node("Add", [node("MatMul", [grid, linear]), shift]), floats(0.5)])  # [1, p, 2]
    clamped = node("Max", [node("Min", [at, floats([[[width - 1, height - 1]]])]), floats(0.0)])
    strayed = node("ReduceMax", [node("Abs", [node("Sub", [clamped, at])])], axes=[2], keepdims=0)
    inside = node("Cast", [node("Less", [strayed, floats(1e-12)])], to=TensorProto.FLOAT)  # [1, p]
    floor = node("Floor", [clamped])
    (x0, y0), (wx, wy) = (
        [node("Squeeze", [half, ints([2])]) for half in _halves(c, value)]
        for value in (floor, node("Sub", [clamped, floor]))
    )
    x1 = node("Min", [node("Add", [x0, floats(1.0)]), floats(width - 1.0)])
    y1 = node("Min", [node("Add", [y0, floats(1.0)]), floats(height - 1.0)])
    pixels = node("Reshape", [c.get(op.inputs[0]), ints([channels, height * width])])

    def sample(y, x):
        index = node("Cast", [node("Add", [node("Mul", [y, floats(float(width))]), x])], to=TensorProto.INT64)
        return node("Gather", [pixels, node("Reshape", [index, ints([out_height * out_width])])], axis=1)

    def blend(p, q, weight):
        return node("Add", [p, node("Mul", [node("Sub", [q, p]), weight])])

    upper, lower = blend(sample(y0, x0), sample(y0, x1), wx), blend(sample(y1, x0), sample(y1, x1), wx)
    blended = node("Mul", [blend(upper, lower, wy), inside])
    c.put(op.outputs[0], node("Reshape", [blended, ints([1, channels, out_height, out_width])]))


ATTENTION_OPERATORS = {
    "Landmarks2TransformMatrix": landmarks_to_transform,
    "TransformLandmarks": transform_landmarks,
    "TransformTensorBilinear": transform_tensor,
}
