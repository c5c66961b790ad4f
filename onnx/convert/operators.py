"""TFLite operators, written as ONNX ones.

Inside the graph activations are NCHW, as ONNX convolutions want them; the model's inputs and outputs keep TFLite's NHWC.
A value may be had in either layout: `get` converts on demand and remembers.
"""

import struct

import numpy as np
import tflite

from attention import ATTENTION_OPERATORS
from onnx_graph import OnnxGraph
from tflite_model import ACTIVATIONS


class Converter:
    def __init__(self, model):
        self.model = model
        self.graph = OnnxGraph()
        self._values = {}
        self._folded_pads = {}
        self._postponed_resizes = {}
        self._uses = {}
        for op in model.operators():
            for index in op.inputs:
                self._uses.setdefault(index, []).append(op)

    def convert(self, outputs=None):
        """The ONNX model, with all outputs or those named."""
        model = self.model
        for index in model.inputs:
            self.put(index, model.names[index], "nhwc")
        for op in model.operators():
            OPERATORS[op.name](self, op)
        inputs = [(model.names[i], model.shape(i)) for i in model.inputs]
        kept = [i for i in model.outputs if outputs is None or model.names[i] in outputs]
        return self.graph.finish(inputs, [(self.get(i, "nhwc"), model.names[i], model.shape(i)) for i in kept])

    def uses(self, index):
        """Operators that read a tensor; empty for what is an output, which is read outside."""
        return [] if index in self.model.outputs else self._uses.get(index, [])

    # Values -----------------------------------------------------------------------------------------------------

    def shape(self, index):
        return self.model.shape(index)

    def layout(self, index, layout):
        """Only tensors of rank 4 have two layouts."""
        return layout if len(self.shape(index)) == 4 else "nhwc"

    def put(self, index, value, layout="nchw"):
        self._values[index, self.layout(index, layout)] = value

    def get(self, index, layout="nchw"):
        layout = self.layout(index, layout)
        if (index, layout) not in self._values:
            self._values[index, layout] = self._make(index, layout)
        return self._values[index, layout]

    def _make(self, index, layout):
        constant = self.model.constant(index)
        if constant is not None:
            turned = constant.transpose(0, 3, 1, 2) if layout == "nchw" and constant.ndim == 4 else constant
            return self.graph.weight(f"{self.model.names[index]}_{layout}", turned)
        source = self._values[index, "nhwc" if layout == "nchw" else "nchw"]
        n, h, w, c = self.shape(index)
        if c == 1 or h == w == 1:
            target = [n, c, h, w] if layout == "nchw" else [n, h, w, c]
            return self.graph.node("Reshape", [source, self.graph.ints(target)])
        return self.graph.node("Transpose", [source], perm=[0, 3, 1, 2] if layout == "nchw" else [0, 2, 3, 1])

    def weights(self, index):
        return self.model.constant(index).astype(np.float32)

    def bias(self, op, position):
        """The bias as a list of one name, or of none."""
        if len(op.inputs) <= position or op.inputs[position] < 0:
            return []
        index = op.inputs[position]
        return [self.graph.weight(self.model.names[index], self.weights(index))]

    def activate(self, value, activation):
        name = ACTIVATIONS[activation]
        if name == "NONE":
            return value
        if name == "RELU":
            return self.graph.node("Relu", [value])
        if name == "RELU6":
            return self.graph.node("Clip", [value, self.graph.floats(0), self.graph.floats(6)])
        raise NotImplementedError(name)

    def padded(self, index, pads, valid):
        """A convolution's input and pads, taking in a spatial PAD before it where the convolution itself pads none."""
        if valid and index in self._folded_pads:
            source, extra = self._folded_pads[index]
            return self.get(source), [a + b for a, b in zip(pads, extra)]
        return self.get(index), pads


def spatial_pads(padding, size, kernel, stride, dilation=(1, 1)):
    """ONNX pads (top, left, bottom, right) of TFLite's SAME or VALID."""
    if padding == tflite.Padding.VALID:
        return [0, 0, 0, 0]
    before, after = [], []
    for n, k, s, d in zip(size, kernel, stride, dilation):
        total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
        before.append(total // 2)
        after.append(total - total // 2)
    return before + after


# Operators ------------------------------------------------------------------------------------------------------


def dequantize(c, op):
    """16-bit weights become 32-bit ones; `OnnxGraph.weight` stores them in 16 again."""
    c.model.set_constant(op.outputs[0], c.model.constant(op.inputs[0]).astype(np.float32))


def densify(c, op):
    c.model.set_constant(op.outputs[0], c.model.constant(op.inputs[0]))


def _is_valid_convolution(op):
    kinds = {"CONV_2D": tflite.Conv2DOptions, "DEPTHWISE_CONV_2D": tflite.DepthwiseConv2DOptions}
    return op.name in kinds and op.options(kinds[op.name]).Padding() == tflite.Padding.VALID


def pad(c, op):
    source, amounts = op.inputs[0], c.model.constant(op.inputs[1])
    target = op.outputs[0]
    uses = c.uses(target)
    spatial = len(amounts) == 4 and not amounts[0].any() and not amounts[3].any()
    if spatial and uses and all(map(_is_valid_convolution, uses)):
        (top, bottom), (left, right) = amounts[1].tolist(), amounts[2].tolist()
        c._folded_pads[target] = (source, [top, left, bottom, right])
        return
    if len(amounts) == 4:
        amounts = amounts[[0, 3, 1, 2]]
    pads = c.graph.ints(np.concatenate([amounts[:, 0], amounts[:, 1]]))
    c.put(target, c.graph.node("Pad", [c.get(source), pads], mode="constant"))


def convolution(c, op):
    depthwise = op.name == "DEPTHWISE_CONV_2D"
    options = op.options(tflite.DepthwiseConv2DOptions if depthwise else tflite.Conv2DOptions)
    weights = c.weights(op.inputs[1])
    _, height, width, channels = c.shape(op.inputs[0])
    kernel = list(weights.shape[1:3])
    strides = [options.StrideH(), options.StrideW()]
    dilations = [options.DilationHFactor(), options.DilationWFactor()]
    pads = spatial_pads(options.Padding(), (height, width), kernel, strides, dilations)
    x, pads = c.padded(op.inputs[0], pads, options.Padding() == tflite.Padding.VALID)
    if depthwise:  # 1, kh, kw, channels·multiplier
        weights, group = weights.transpose(3, 0, 1, 2), channels
    else:  # out, kh, kw, in
        weights, group = weights.transpose(0, 3, 1, 2), channels // weights.shape[3]
    inputs = [x, c.graph.weight(c.model.names[op.inputs[1]], weights)] + c.bias(op, 2)
    shape = dict(kernel_shape=kernel, strides=strides, dilations=dilations, pads=pads, group=group)
    y = c.graph.node("Conv", inputs, **shape)
    if op.inputs[0] in c._postponed_resizes:
        y = c._postponed_resizes[op.inputs[0]](y)
    c.put(op.outputs[0], c.activate(y, options.FusedActivationFunction()))


def transposed_convolution(c, op):
    """MediaPipe's Convolution2DTransposeBias; its options are a bare TfLiteTransposeConvParams."""
    _, stride_w, stride_h = struct.unpack("<iii", op.custom_bytes()[:12])
    weights = c.weights(op.inputs[1])  # out, kh, kw, in
    kernel, strides = list(weights.shape[1:3]), [stride_h, stride_w]
    before, after = [], []
    for k, s, n, out in zip(kernel, strides, c.shape(op.inputs[0])[1:3], c.shape(op.outputs[0])[1:3]):
        total = (n - 1) * s + k - out
        assert total >= 0
        before.append(total // 2)
        after.append(total - total // 2)
    inputs = [c.get(op.inputs[0]), c.graph.weight(c.model.names[op.inputs[1]], weights.transpose(3, 0, 1, 2))]
    y = c.graph.node("ConvTranspose", inputs + c.bias(op, 2), kernel_shape=kernel, strides=strides, pads=before + after)
    c.put(op.outputs[0], y)


def pool(c, op):
    options = op.options(tflite.Pool2DOptions)
    _, height, width, _ = c.shape(op.inputs[0])
    kernel, strides = [options.FilterHeight(), options.FilterWidth()], [options.StrideH(), options.StrideW()]
    x = c.get(op.inputs[0])
    average = op.name == "AVERAGE_POOL_2D"
    if average and kernel == [height, width] and c.shape(op.outputs[0])[1:3] == [1, 1]:
        y = c.graph.node("GlobalAveragePool", [x])
    else:
        pads = spatial_pads(options.Padding(), (height, width), kernel, strides)
        shape = dict(kernel_shape=kernel, strides=strides, pads=pads)
        y = c.graph.node("AveragePool", [x], count_include_pad=0, **shape) if average else c.graph.node("MaxPool", [x], **shape)
    c.put(op.outputs[0], c.activate(y, options.FusedActivationFunction()))


def arithmetic(c, op):
    adds = op.name == "ADD"
    options = op.options(tflite.AddOptions if adds else tflite.MulOptions)
    ranks = [len(c.shape(i)) for i in op.inputs]
    values = []
    for index, rank in zip(op.inputs, ranks):
        constant = c.model.constant(index)
        if constant is not None and rank < 4 in ranks:
            # Broadcast along the last axis of NHWC is along the second of NCHW.
            lifted = constant.reshape((1,) * (4 - rank) + constant.shape).transpose(0, 3, 1, 2)
            values.append(c.graph.weight(c.model.names[index], lifted))
        else:
            values.append(c.get(index))
    y = c.graph.node("Add" if adds else "Mul", values)
    c.put(op.outputs[0], c.activate(y, options.FusedActivationFunction()))


def prelu(c, op):
    """relu(x) + slope · min(x, 0): exact, and ONNX Runtime's own PRelu kernel is slow."""
    slope = c.weights(op.inputs[1])
    slope = slope.reshape((1,) * (3 - slope.ndim) + slope.shape).transpose(2, 0, 1)
    x = c.get(op.inputs[0])
    below = c.graph.node("Min", [x, c.graph.floats(0)])
    scaled = c.graph.node("Mul", [below, c.graph.weight(c.model.names[op.inputs[1]], slope)])
    c.put(op.outputs[0], c.graph.node("Add", [c.graph.node("Relu", [x]), scaled]))


def relu(c, op):
    c.put(op.outputs[0], c.graph.node("Relu", [c.get(op.inputs[0])]))


def sigmoid(c, op):
    c.put(op.outputs[0], c.graph.node("Sigmoid", [c.get(op.inputs[0])]))


def hard_swish(c, op):
    x = c.get(op.inputs[0])
    c.put(op.outputs[0], c.graph.node("Mul", [x, c.graph.node("HardSigmoid", [x], alpha=1 / 6, beta=0.5)]))


def resize_bilinear(c, op):
    options = op.options(tflite.ResizeBilinearOptions)
    _, height, width, _ = c.shape(op.inputs[0])
    _, out_height, out_width, _ = c.shape(op.outputs[0])
    mode = "align_corners" if options.AlignCorners() else "half_pixel" if options.HalfPixelCenters() else "asymmetric"
    scales = c.graph.floats([1, 1, out_height / height, out_width / width])

    def resize(x):
        return c.graph.node("Resize", [x, "", scales], mode="linear", coordinate_transformation_mode=mode)

    # Interpolation weights sum to one, so a 1 × 1 convolution may as well go first, on fewer pixels, and leave fewer
    # channels to enlarge.
    uses = c.uses(op.outputs[0])
    if out_height > height and len(uses) == 1 and _is_pointwise(c, uses[0]):
        c.put(op.outputs[0], c.get(op.inputs[0]))
        c._postponed_resizes[op.outputs[0]] = resize
    else:
        c.put(op.outputs[0], resize(c.get(op.inputs[0])))


def _is_pointwise(c, op):
    if op.name != "CONV_2D":
        return False
    options, shape = op.options(tflite.Conv2DOptions), c.shape(op.inputs[1])
    return shape[1:3] == [1, 1] and options.StrideH() == options.StrideW() == 1


def depth_to_space(c, op):
    size = op.options(tflite.DepthToSpaceOptions).BlockSize()
    c.put(op.outputs[0], c.graph.node("DepthToSpace", [c.get(op.inputs[0])], blocksize=size, mode="DCR"))


def reshape(c, op):
    target = c.graph.ints(c.shape(op.outputs[0]))
    c.put(op.outputs[0], c.graph.node("Reshape", [c.get(op.inputs[0], "nhwc"), target]), "nhwc")


def concatenation(c, op):
    rank = len(c.shape(op.outputs[0]))
    axis = op.options(tflite.ConcatenationOptions).Axis() % rank
    if rank == 4:
        axis = [0, 2, 3, 1][axis]
    c.put(op.outputs[0], c.graph.node("Concat", [c.get(i) for i in op.inputs], axis=axis))


def mean(c, op):
    """Only the mean over height and width occurs."""
    axes = sorted(int(a) for a in np.atleast_1d(c.model.constant(op.inputs[1])))
    assert axes == [1, 2] and len(c.shape(op.inputs[0])) == 4, axes
    y = c.graph.node("GlobalAveragePool", [c.get(op.inputs[0])])
    if not op.options(tflite.ReducerOptions).KeepDims():
        y = c.graph.node("Reshape", [y, c.graph.ints(c.shape(op.outputs[0]))])
    c.put(op.outputs[0], y)


def fully_connected(c, op):
    weights = c.weights(op.inputs[1])
    x = c.get(op.inputs[0], "nhwc")
    if len(c.shape(op.inputs[0])) != 2:
        x = c.graph.node("Reshape", [x, c.graph.ints([-1, weights.shape[1]])])
    inputs = [x, c.graph.weight(c.model.names[op.inputs[1]], weights)] + c.bias(op, 2)
    y = c.graph.node("Gemm", inputs, transB=1)
    if len(c.shape(op.outputs[0])) != 2:
        y = c.graph.node("Reshape", [y, c.graph.ints(c.shape(op.outputs[0]))])
    activation = op.options(tflite.FullyConnectedOptions).FusedActivationFunction()
    c.put(op.outputs[0], c.activate(y, activation), "nhwc")


def strided_slice(c, op):
    options = op.options(tflite.StridedSliceOptions)
    assert not (options.ShrinkAxisMask() or options.EllipsisMask() or options.NewAxisMask())
    begin, end, stride = (c.model.constant(i).tolist() for i in op.inputs[1:4])
    shape = c.shape(op.inputs[0])
    begin = [0 if options.BeginMask() >> i & 1 else b for i, b in enumerate(begin)]
    end = [n if options.EndMask() >> i & 1 else e for i, (e, n) in enumerate(zip(end, shape))]
    cut = [i for i, n in enumerate(shape) if (begin[i], end[i], stride[i]) != (0, n, 1)]
    y = c.get(op.inputs[0], "nhwc")
    if cut:
        bounds = [c.graph.ints([v[i] for i in cut]) for v in (begin, end)]
        y = c.graph.node("Slice", [y, *bounds, c.graph.ints(cut), c.graph.ints([stride[i] for i in cut])])
    c.put(op.outputs[0], y, "nhwc")


OPERATORS = {
    "DEQUANTIZE": dequantize,
    "DENSIFY": densify,
    "PAD": pad,
    "CONV_2D": convolution,
    "DEPTHWISE_CONV_2D": convolution,
    "Convolution2DTransposeBias": transposed_convolution,
    "MAX_POOL_2D": pool,
    "AVERAGE_POOL_2D": pool,
    "ADD": arithmetic,
    "MUL": arithmetic,
    "PRELU": prelu,
    "RELU": relu,
    "LOGISTIC": sigmoid,
    "HARD_SWISH": hard_swish,
    "RESIZE_BILINEAR": resize_bilinear,
    "DEPTH_TO_SPACE": depth_to_space,
    "RESHAPE": reshape,
    "CONCATENATION": concatenation,
    "MEAN": mean,
    "FULLY_CONNECTED": fully_connected,
    "STRIDED_SLICE": strided_slice,
    **ATTENTION_OPERATORS,
}
