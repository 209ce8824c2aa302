"""Handlers of one chalk-remote-call worker, chosen by the name of the function that is called, without `model.` and what follows `__`."""

import json
import os
import time

import pyarrow as pa
import pyarrow.compute as pc

STARTED = []


def note(text):
    """Adds a line to the file that a test reads."""
    with open(os.environ["NOTES"], "a") as file:
        file.write(text + "\n")


def on_startup():
    STARTED.append(True)
    note("started")


def on_shutdown():
    note("shut down")


def echo(columns, context):
    return columns[0]


def seen(columns, context):
    """What Python sees: the type of the first column, and the value of each row."""
    column = columns[0]
    return pa.array([f"{column.type} {value!r}" for value in column.to_pylist()], pa.string())


def upper(columns, context):
    return pc.utf8_upper(columns[0])


def add(columns, context):
    return pc.add(columns[0], columns[1])


def sizes(columns, context):
    """The rows of the call that each row came in."""
    rows = len(columns[0])
    note(f"sizes {rows}")
    return pa.array([rows] * rows, pa.int64())


def fail(columns, context):
    """Raises the first text that is not null and begins with '!'."""
    for text in columns[0].to_pylist():
        if text is not None and text.startswith("!"):
            raise ValueError(text)
    return columns[0]


def halves(columns, context):
    """Yields the rows in two parts."""
    column = columns[0]
    middle = len(column) // 2
    yield column.slice(0, middle)
    yield column.slice(middle)


def short(columns, context):
    return columns[0].slice(1)


def count(columns, context):
    """Counts on until it is closed."""
    try:
        for number in range(10_000):
            yield pa.array([number], pa.int64())
            time.sleep(0.01)
        note("counted to the end")
    finally:
        note("closed")


def slow(columns, context):
    """Takes as many seconds as the largest number says."""
    note("slow begins")
    time.sleep(pc.max(columns[0]).as_py())
    note("slow ends")
    return columns[0]


def headers(columns, context):
    """The headers of the call that tests know, as JSON; the function and the hook beside them."""
    known = {name: value for name, value in sorted(context["metadata"].items()) if name in ("tenant", "tags", "traceparent")}
    text = json.dumps({"function": context["function_name"], "started": len(STARTED), **known})
    return pa.array([text] * len(columns[0]), pa.string())


def named(columns, context):
    """Several columns, of which one is the result."""
    return {"other": columns[0], "result": pc.utf8_lower(columns[0])}


def handler(event, context):
    name = context["function_name"].removeprefix("model.").split("__")[0]
    return globals()[name](list(event.values()), context)
