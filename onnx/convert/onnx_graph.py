"""An ONNX graph under construction: nodes, initializers, names."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8


class OnnxGraph:
    def __init__(self):
        self.nodes = []
        self.initializers = []
        self._names = set()
        self._shared = {}
        self._count = 0

    def _fresh(self, base):
        name = base
        while name in self._names:
            self._count += 1
            name = f"{base}_{self._count}"
        self._names.add(name)
        return name

    def node(self, op, inputs, **attributes):
        """Adds a node of one output; gives the output's name."""
        output = self._fresh(op)
        self.nodes.append(helper.make_node(op, inputs, [output], name=f"n{len(self.nodes)}_{op}", **attributes))
        return output

    def weight(self, name, value):
        """A float32 constant, stored in 16 bits and cast wherever nothing is lost by it."""
        value = np.ascontiguousarray(value, np.float32)
        half = value.astype(np.float16)
        name = self._fresh(name)
        if not np.array_equal(half.astype(np.float32), value):
            self.initializers.append(numpy_helper.from_array(value, name))
            return name
        stored = self._fresh(name + "_16")
        self.initializers.append(numpy_helper.from_array(half, stored))
        self.nodes.append(helper.make_node("Cast", [stored], [name], to=TensorProto.FLOAT))
        return name

    def _small(self, base, value):
        key = (value.dtype.str, value.shape, value.tobytes())
        if key not in self._shared:
            self._shared[key] = self._fresh(base)
            self.initializers.append(numpy_helper.from_array(value, self._shared[key]))
        return self._shared[key]

    def floats(self, value):
        """A small float32 constant; equal ones are shared."""
        return self._small("f", np.asarray(value, np.float32))

    def ints(self, value):
        """A small int64 constant; equal ones are shared."""
        return self._small("i", np.asarray(value, np.int64))

    def finish(self, inputs, outputs):
        """The checked model. `inputs` are (name, shape), `outputs` (value, name, shape): each value is renamed."""
        renamed = {value: name for value, name, _ in outputs}
        assert len(renamed) == len(outputs)
        self._keep_only(set(renamed))
        for node in self.nodes:
            node.output[:] = [renamed.get(n, n) for n in node.output]
            node.input[:] = [renamed.get(n, n) for n in node.input]
        graph = helper.make_graph(
            self.nodes,
            "parure",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for _, name, shape in outputs],
            self.initializers,
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="parure/onnx/convert",
        )
        onnx.checker.check_model(model, full_check=True)
        return model

    def _keep_only(self, wanted):
        """Drops the nodes and initializers that no wanted value needs."""
        kept = []
        for node in reversed(self.nodes):
            if wanted & set(node.output):
                wanted |= set(node.input)
                kept.append(node)
        self.nodes = kept[::-1]
        self.initializers = [t for t in self.initializers if t.name in wanted]
