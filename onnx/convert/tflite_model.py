"""A TFLite flat buffer, read: tensors, constants (sparse ones densified) and operators."""

from dataclasses import dataclass

import numpy as np
import tflite
from flatbuffers import flexbuffers


def _names(enum):
    return {value: key for key, value in vars(enum).items() if isinstance(value, int)}


TENSOR_TYPES = _names(tflite.TensorType)
BUILTINS = _names(tflite.BuiltinOperator)
ACTIVATIONS = _names(tflite.ActivationFunctionType)
DTYPES = {"FLOAT32": np.float32, "FLOAT16": np.float16, "INT32": np.int32, "INT64": np.int64}


@dataclass
class Operator:
    """One operator: its name, the tensors it reads and writes, and its options."""

    name: str
    inputs: list
    outputs: list
    raw: object

    def options(self, kind):
        """Options of a builtin, as the schema's class `kind`."""
        options, table = kind(), self.raw.BuiltinOptions()
        options.Init(table.Bytes, table.Pos)
        return options

    def custom_bytes(self):
        return self.raw.CustomOptionsAsNumpy().tobytes()

    def custom_map(self):
        return flexbuffers.Loads(self.custom_bytes())


class TfliteModel:
    """The first subgraph of a model. Tensors go by their index."""

    def __init__(self, data):
        self._model = tflite.Model.GetRootAsModel(data, 0)
        self._graph = self._model.Subgraphs(0)
        self._tensors = [self._graph.Tensors(i) for i in range(self._graph.TensorsLength())]
        self._constants = {}
        self.names = [t.Name().decode().replace(";", "_") for t in self._tensors]
        self.inputs = [int(i) for i in self._graph.InputsAsNumpy()]
        self.outputs = [int(i) for i in self._graph.OutputsAsNumpy()]

    def shape(self, index):
        shape = self._tensors[index].ShapeAsNumpy()
        return [] if isinstance(shape, int) else [int(n) for n in shape]

    def constant(self, index):
        """Value of a constant tensor; None for one that is computed."""
        if index not in self._constants:
            tensor = self._tensors[index]
            buffer = self._model.Buffers(tensor.Buffer())
            if buffer.DataLength() == 0:
                return None
            data = np.frombuffer(buffer.DataAsNumpy().tobytes(), DTYPES[TENSOR_TYPES[tensor.Type()]])
            dense = tensor.Sparsity() is None
            self._constants[index] = data.reshape(self.shape(index)) if dense else densify(tensor, data)
        return self._constants[index]

    def set_constant(self, index, value):
        self._constants[index] = value

    def operators(self):
        for k in range(self._graph.OperatorsLength()):
            op = self._graph.Operators(k)
            code = self._model.OperatorCodes(op.OpcodeIndex())
            name = BUILTINS[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
            if name == "CUSTOM":
                name = code.CustomCode().decode()
            inputs, outputs = ([int(i) for i in ids] for ids in (op.InputsAsNumpy(), op.OutputsAsNumpy()))
            yield Operator(name, inputs, outputs, op)


def densify(tensor, data):
    """Dense form of a sparse tensor (TFLite schema, SparsityParameters; Smith and others, taco's format)."""
    sparsity = tensor.Sparsity()
    shape = list(tensor.ShapeAsNumpy())
    rank = len(shape)
    order = list(sparsity.TraversalOrderAsNumpy())
    block_map = list(sparsity.BlockMapAsNumpy()) if sparsity.BlockMapLength() else []
    levels = [_level(sparsity.DimMetadata(i)) for i in range(sparsity.DimMetadataLength())]
    block_size = {order[i] - rank: levels[i][0] for i in range(len(order)) if order[i] >= rank}
    out = np.zeros(shape, data.dtype)
    index = [0] * len(order)
    values = iter(data)

    def walk(depth, position):
        if depth == len(order):
            at = [0] * rank
            for i in range(rank):
                at[order[i]] = index[i]
            for i in range(rank, len(order)):
                block = order[i] - rank
                at[block_map[block]] = at[block_map[block]] * block_size[block] + index[i]
            out[tuple(at)] = next(values)
            return
        size, segments, indices = levels[depth]
        if size is not None:
            for i in range(size):
                index[depth] = i
                walk(depth + 1, position * size + i)
        else:
            for i in range(segments[position], segments[position + 1]):
                index[depth] = indices[i]
                walk(depth + 1, i)

    walk(0, 0)
    assert next(values, None) is None, "sparse values left over"
    return out


def _level(metadata):
    """(size, None, None) of a dense dimension, (None, segments, indices) of a compressed one."""
    if metadata.Format() == tflite.DimensionType.DENSE:
        return metadata.DenseSize(), None, None

    def vector(kind, table):
        values = {1: tflite.Int32Vector, 2: tflite.Uint16Vector, 3: tflite.Uint8Vector}[kind]()
        values.Init(table.Bytes, table.Pos)
        return np.asarray(values.ValuesAsNumpy()).astype(int)

    segments = vector(metadata.ArraySegmentsType(), metadata.ArraySegments())
    return None, segments, vector(metadata.ArrayIndicesType(), metadata.ArrayIndices())
