"""Calls the functions of a worker of ours from a DataFrame of Chalk's engine, and prints the columns that come of it as JSON."""

import json
import os
import sys

import pyarrow as pa

# The engine writes its log to both outputs.
answer = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

import chalk.functions as F
from chalk.features import _
from chalkdf import Catalog, DataFrame
from chalkdf.catalog import RemoteCallClientSupplier

worker = RemoteCallClientSupplier.from_grpc_host(f"127.0.0.1:{sys.argv[1]}")
weighed = pa.struct([("total", pa.float64()), ("parts", pa.list_(pa.int64()))])
for name, output in {"upper": pa.string(), "weigh": weighed, "refuse": pa.string()}.items():
    Catalog.local_catalog().runtime.register_function(f"default.ours.{name}", worker, name, output)


def column(table, name, *args):
    """The column that a function gives, or what the query failed with."""
    frame = DataFrame.from_arrow(table).with_columns({"result": F.catalog_call(f"default.ours.{name}", *args)})
    try:
        return frame.run().to_arrow().column("result").to_pylist()
    except RuntimeError as error:
        return str(error)


rows = pa.table({"text": ["a", None, "ä 👋"], "amount": [1.5, 2.0, None], "times": [1, 2, 3]})
many = pa.table({"text": [f"row {row}" for row in range(100_000)]})
several = {
    "text": column(rows, "upper", _.text),
    "struct": column(rows.slice(0, 2), "weigh", _.amount, _.times),
    "failure": column(rows, "refuse", _.text),
    "many": column(many, "upper", _.text) == [f"ROW {row}" for row in range(100_000)],
}
json.dump(several, answer)
