"""Calls the functions of a worker of ours with the client of chalkcompute, and prints what it gives as JSON, by the name of a case."""

import io
import json
import sys

import pyarrow as pa
from chalkcompute import RemoteCallClient

client = RemoteCallClient(f"http://127.0.0.1:{sys.argv[1]}")


def call(name, *batches, metadata=()):
    """The columns of each message of the answer, or the class and the arguments of what it failed with."""
    stream = io.BytesIO()
    with pa.ipc.new_stream(stream, batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    try:
        answers = client.call_ipc(name, stream.getvalue(), metadata)
        return [pa.ipc.open_stream(answer).read_all().to_pydict() for answer in answers]
    except RuntimeError as error:
        return {"error": type(error).__name__, "said": error.args}


def texts(*values, type=pa.string(), name="text"):
    return pa.record_batch({name: pa.array(values, type)})


def times(unit, count):
    return pa.record_batch({"at": pa.array([count, None], pa.timestamp(unit))})


several = {
    "text": call("upper", texts("a", None, "ä 👋")),
    "position": call("upper", texts("a", name="0")),
    "empty": call("upper", texts()),
    "large": call("upper", texts("a", type=pa.large_string())),
    "view": call("upper", texts("a", "longer than twelve bytes", type=pa.string_view())),
    "dictionary": call("upper", pa.record_batch({"text": pa.array(["a", "b", "a"]).dictionary_encode()})),
    "batches": call("upper", texts("a"), texts("b", "c")),
    "struct": call("weigh", pa.record_batch({"amount": [1.5], "times": [3]})),
    "microseconds": call("same_time", times("us", 1_700_000_000_000_001)),
    "nanoseconds": call("same_time", times("ns", 1_700_000_000_000_001_000)),
    "metadata": call("tenant", texts("x"), metadata=[("tenant", "acme")]),
    "items": call("words", texts("to be or", "not")),
    "failure": call("refuse", texts("x")),
    "unknown": call("lower", texts("x")),
    "type": call("upper", pa.record_batch({"text": [1]})),
    "columns": call("upper", pa.record_batch({"a": ["x"], "b": ["y"]})),
}
client.close()
print(json.dumps(several, default=str))
