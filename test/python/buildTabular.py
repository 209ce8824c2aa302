"""Writes small tabular and vector models with what Python's onnxruntime predicts with them.

usage: python buildTabular.py OUT_FOLDER

OUT_FOLDER gets, for each NAME below, NAME.onnx and NAME.json: {"inputs": {name: values}, "outputs": {name: values}}, a value a row.
  tiny        x FLOAT[4] -> y FLOAT[3]: a perceptron 4 -> 8 -> 3
  mlp         x FLOAT[384] -> y FLOAT[64]: a perceptron 384 -> 1024 -> 1024 -> 64
  regressor   x FLOAT[6] -> variable: gradient-boosted trees
  classifier  x FLOAT[6] -> label BIGINT, probabilities FLOAT[3]: gradient-boosted trees
  churn       columns of different types -> label BIGINT, probabilities FLOAT[2]: one-hot encoding and gradient-boosted trees
"""
import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

OPSET, IR_VERSION, ROWS = 17, 9, 200
CONTRACTS = ["month to month", "one year", "two years"]


def perceptron(sizes, seed):
    """Dense layers with ReLU between them; weights such that values neither vanish nor explode."""
    chance = np.random.default_rng(seed)
    nodes, constants, value = [], [], "x"
    for layer, (taken, given) in enumerate(zip(sizes, sizes[1:])):
        is_last = layer == len(sizes) - 2
        weight = chance.standard_normal((taken, given)).astype(np.float32) * np.float32((2 / taken) ** 0.5)
        bias = chance.standard_normal(given).astype(np.float32) * np.float32(0.1)
        constants += [numpy_helper.from_array(weight, f"weight_{layer}"), numpy_helper.from_array(bias, f"bias_{layer}")]
        sum_name = "y" if is_last else f"sum_{layer}"
        nodes.append(helper.make_node("Gemm", [value, f"weight_{layer}", f"bias_{layer}"], [sum_name]))
        value = sum_name
        if not is_last:
            value = f"relu_{layer}"
            nodes.append(helper.make_node("Relu", [sum_name], [value]))
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["b", sizes[0]])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["b", sizes[-1]])
    graph = helper.make_graph(nodes, "perceptron", [x], [y], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


def converted(model, types):
    options = {id(model): {"zipmap": False}} if hasattr(model, "predict_proba") else None
    return to_onnx(model, initial_types=types, options=options, target_opset={"": OPSET, "ai.onnx.ml": 3})


def trees():
    chance = np.random.default_rng(3)
    x = chance.standard_normal((2000, 6)).astype(np.float32)
    amount = x[:, 0] * 2 + np.sin(x[:, 1] * 3) + x[:, 2] * x[:, 3]
    kind = np.digitize(amount + chance.standard_normal(2000) * 0.3, [-1.0, 1.0])
    regressor = GradientBoostingRegressor(n_estimators=60, max_depth=4, random_state=1).fit(x, amount)
    classifier = GradientBoostingClassifier(n_estimators=30, max_depth=3, random_state=1).fit(x, kind)
    types = [("x", FloatTensorType([None, 6]))]
    rows = chance.standard_normal((ROWS, 6)).astype(np.float32)
    return (
        (converted(regressor, types), {"x": rows}, regressor.predict(rows)),
        (converted(classifier, types), {"x": rows}, classifier.predict(rows)),
    )


def customers(rows, seed):
    """Columns of customers, and whether each of them left."""
    chance = np.random.default_rng(seed)
    tenure = chance.integers(1, 73, rows)
    charges = np.round(chance.uniform(18, 120, rows), 2).astype(np.float32)
    tickets = chance.poisson(1.2, rows)
    contract = chance.choice(CONTRACTS, rows, p=[0.55, 0.25, 0.2])
    late = chance.random(rows) < 0.2
    risk = -1.5 - tenure * 0.04 + charges * 0.015 + tickets * 0.5 + late * 0.9
    risk += np.select([contract == name for name in CONTRACTS], [1.1, -0.3, -1.2])
    left = chance.random(rows) < 1 / (1 + np.exp(-risk))
    columns = {"tenure": tenure, "charges": charges, "tickets": tickets, "contract": contract, "late": late.astype(np.int64)}
    return columns, left.astype(np.int64)


def churn():
    types = {"tenure": Int64TensorType, "charges": FloatTensorType, "tickets": Int64TensorType, "contract": StringTensorType, "late": Int64TensorType}
    columns, left = customers(4000, seed=7)
    encoder = ColumnTransformer([("contract", OneHotEncoder(categories=[CONTRACTS], handle_unknown="ignore"), [3])], remainder="passthrough")
    model = make_pipeline(encoder, GradientBoostingClassifier(n_estimators=80, max_depth=3, random_state=1))
    model.fit(table(columns), left)
    initial = [(name, kind([None, 1])) for name, kind in types.items()]
    rows, _ = customers(ROWS, seed=8)
    return converted(model, initial), rows, model.predict(table(rows))


def table(columns):
    return np.array(list(columns.values()), dtype=object).T


def write(out, name, model, inputs, expected=None):
    """Writes a model and what it gives; `expected` is what the library says that it was trained with."""
    path = out / f"{name}.onnx"
    onnx.checker.check_model(model)
    onnx.save(model, path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    wide = {info.name for info in session.get_inputs() if info.shape[1] == 1}
    given = {key: values.reshape(-1, 1) if key in wide else values for key, values in inputs.items()}
    given = {key: values.astype(object) if values.dtype.kind == "U" else values for key, values in given.items()}
    outputs = {info.name: found for info, found in zip(session.get_outputs(), session.run(None, given))}
    if expected is not None:
        np.testing.assert_allclose(next(iter(outputs.values())).reshape(-1), expected, rtol=1e-4, atol=1e-4)
    tables = {"inputs": inputs, "outputs": outputs}
    lists = {kind: {key: values.tolist() for key, values in columns.items()} for kind, columns in tables.items()}
    (out / f"{name}.json").write_text(json.dumps(lists))


def main(out):
    out.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(5)
    write(out, "tiny", perceptron([4, 8, 3], seed=1), {"x": chance.standard_normal((ROWS, 4)).astype(np.float32)})
    write(out, "mlp", perceptron([384, 1024, 1024, 64], seed=2), {"x": chance.standard_normal((ROWS, 384)).astype(np.float32)})
    regressor, classifier = trees()
    write(out, "regressor", *regressor)
    write(out, "classifier", *classifier)
    write(out, "churn", *churn())
    print(f"wrote {', '.join(sorted(path.name for path in out.iterdir()))} in {out}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
