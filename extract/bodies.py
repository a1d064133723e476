"""Whole bodies of HTTP answers, within a deadline and a size."""

import time

from urllib3 import BaseHTTPResponse

READ_BYTES = 1 << 16


def whole_body(answer: BaseHTTPResponse, end: float, most: int) -> bytes:
    """What a streamed answer holds, decoded; `end` is of `time.monotonic`.

    Raises:
        TimeoutError: it was not whole at the end.
        ConnectionError: it is larger than `most` bytes.
    """
    parts, size = [], 0
    # read1 returns what has come; a plain read of a trickle would sit through
    # the deadline, since each byte starts the socket's timeout anew.
    while part := answer.read1(READ_BYTES, decode_content=True):
        parts.append(part)
        size += len(part)
        if time.monotonic() > end:
            raise TimeoutError("no whole answer in time")
        if size > most:
            raise ConnectionError(f"an answer of more than {most:,} bytes")
    return b"".join(parts)
