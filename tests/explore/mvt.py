"""Vector tiles, read: the features of each layer, by the specification 2.1."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Feature:
    """What a tile says of one thing; `places` are its corners in the tile's units."""

    values: dict[str, object]
    places: list[tuple[int, int]]


def read_tile(data: bytes) -> dict[str, list[Feature]]:
    """The features of a tile, by layer."""
    return dict(_layer(layer) for number, layer in _fields(data) if number == 3)


def _layer(data: bytes) -> tuple[str, list[Feature]]:
    fields = list(_fields(data))
    keys = [value.decode() for number, value in fields if number == 3]
    values = [_value(value) for number, value in fields if number == 4]
    (name,) = [value.decode() for number, value in fields if number == 1]
    return name, [_feature(one, keys, values) for number, one in fields if number == 2]


def _feature(data: bytes, keys: list[str], values: list[object]) -> Feature:
    tags: list[int] = []
    geometry: list[int] = []
    for number, value in _fields(data):
        if number == 2:
            tags = list(_varints(value))
        elif number == 4:
            geometry = list(_varints(value))
    pairs = zip(tags[::2], tags[1::2], strict=True)
    return Feature({keys[k]: values[v] for k, v in pairs}, _places(geometry))


def _places(commands: list[int]) -> list[tuple[int, int]]:
    x = y = at = 0
    places = []
    while at < len(commands):
        command, count = commands[at] & 7, commands[at] >> 3
        at += 1
        for _ in range(count if command in {1, 2} else 0):
            x, y = x + _signed(commands[at]), y + _signed(commands[at + 1])
            at += 2
            places.append((x, y))
    return places


def _signed(number: int) -> int:
    return (number >> 1) ^ -(number & 1)


def _value(data: bytes) -> object:
    ((number, value),) = _fields(data)
    if number == 1:
        return value.decode()
    return _signed(value) if number == 6 else value


def _varints(data: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in data:
        number |= (byte & 127) << shift
        shift += 7
        if not byte & 128:
            yield number
            number = shift = 0


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    at = 0

    def varint() -> int:
        nonlocal at
        start = at
        while data[at] & 128:
            at += 1
        at += 1
        return next(_varints(data[start:at]))

    while at < len(data):
        tag = varint()
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            yield number, varint()
        elif wire == 2:
            size = varint()
            yield number, data[at : at + size]
            at += size
        else:
            size = {1: 8, 5: 4}[wire]
            kind = {1: "<d", 5: "<f"}[wire]
            yield number, struct.unpack(kind, data[at : at + size])[0]
            at += size
