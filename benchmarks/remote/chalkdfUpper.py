"""Sums the lengths of texts that a worker has put in upper case, with Chalk's engine, and prints the sum: once for each
line of standard input.

Usage: chalkdfUpper.py PORT FILE
"""

import os
import sys

import pyarrow as pa
import pyarrow.compute as pc

# The engine writes its log to standard output.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

import chalk.functions as F
from chalk.features import _
from chalkdf import Catalog, DataFrame
from chalkdf.catalog import RemoteCallClientSupplier

port, file = sys.argv[1:]
worker = RemoteCallClientSupplier.from_grpc_host(f"127.0.0.1:{port}")
Catalog.local_catalog().runtime.register_function("default.worker.upper", worker, "upper", pa.string())
rows = DataFrame.scan([f"file://{file}"])
upper = rows.with_columns({"result": F.catalog_call("default.worker.upper", _.text)})
total = upper.project({"length": F.length(_.result)}).agg([], _.length.sum().alias("total"))

for line in sys.stdin:
    print(total.run().to_arrow().column("total")[0].as_py(), file=answers, flush=True)
