"""What a worker in Python serves."""

import pyarrow.compute as pc


def handler(event, context):
    return pc.utf8_upper(event["text"])
