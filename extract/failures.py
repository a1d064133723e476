"""Why pixels could not be had, and what the fetcher does about each reason."""

from enum import StrEnum


class Policy(StrEnum):
    """What follows a failed attempt."""

    RETRY = "retry"  # the same request again, after a pause
    THROTTLE = "throttle"  # the whole service pauses and slows down, then again
    SPLIT = "split"  # the sheet's chips one by one; a single chip is refused
    ALONE = "alone"  # the sheet's chips one by one; a single chip fails
    FAIL = "fail"  # not again in this run
    REFUSE = "refuse"  # never again unless asked for
    STOP = "stop"  # nothing more of this service in this run


POLICIES = {
    "throttled": Policy.THROTTLE,  # 429
    "http": Policy.RETRY,  # 5xx, a dropped connection
    "timeout": Policy.RETRY,  # the deadline passed
    "truncated": Policy.RETRY,  # fewer bytes than pixels need
    "decode": Policy.RETRY,  # bytes that are no picture
    "too_heavy": Policy.SPLIT,  # out of memory or time at the service
    "no_coverage": Policy.REFUSE,  # the images hold nothing there
    "bad_request": Policy.FAIL,  # any other 4xx
    "not_found": Policy.FAIL,  # the image is gone or may not be read
    "credentials": Policy.STOP,  # 401, 403
    "quota": Policy.STOP,  # the day's or month's compute is used up
    "read": Policy.ALONE,  # a file that GDAL cannot read
    "changed": Policy.FAIL,  # not the file that was indexed
    "grid": Policy.FAIL,  # not the image's own grid
    "draw": Policy.ALONE,  # an object that cannot be painted
    "no_reader": Policy.FAIL,  # no way to read this source
    "error": Policy.ALONE,  # a surprise
}
