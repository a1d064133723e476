"""Pickles of strangers: plain data comes out, and nothing of theirs runs."""

import os
import pickle
import pickletools
import struct

import numpy as np
import pytest

from load.skyscript_pickle import RefusedPickleError, read_plain

META = {
    "box": (8.8605, 47.6604, 8.861, 47.6608),
    "time": (2019, 1, 2, 3, 4),
    "center_tags": {"landuse": "käse", "lit": "yes"},
    "surrounding_tags": [{"highway": "track"}, {}],
    "more": [None, True, 12, -1.5, b"ab", 2**70],
}


class Runs:
    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", range(6))
def test_plain_data_is_read_in_every_protocol(protocol):
    assert read_plain(pickle.dumps(META, protocol)) == META


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int64, np.uint8, np.bool_])
def test_numbers_of_numpy_come_as_pythons_own(kind, protocol):
    read = read_plain(pickle.dumps({"box": (kind(1), kind(0))}, protocol))
    assert read == {"box": (1, 0)}
    assert {type(number).__module__ for number in read["box"]} == {"builtins"}


@pytest.mark.parametrize(
    "function",
    [os.system, eval, getattr, __import__, np.array, np.load, struct.unpack],
)
def test_a_function_is_refused_and_not_run(function, tmp_path):
    mark = tmp_path / "ran"
    pickled = pickle.dumps(Runs(function, f"touch {mark}"))
    with pytest.raises(RefusedPickleError, match="asks for"):
        read_plain(pickled)
    assert not mark.exists()


@pytest.mark.parametrize(
    "program",
    [
        # numpy's scalar with a type that is no number, and with one that is no type.
        b"cnumpy\ndtype\n(S'O8'\ntR.",
        b"cnumpy.core.multiarray\nscalar\n(I1\nS'a'\ntR.",
        b"c_codecs\nencode\n(Va\nVrot13\ntR.",
        # What may be called may not be changed, nor looked into.
        b"cnumpy\ndtype\n}S'_name'\nS'x'\nsb.",
        b"cnumpy\ndtype.__class__\n.",
        b"\x80\x04\x8c\x05numpy\x8c\x0edtype.__init__\x93.",
        b"Pelsewhere\n.",
        b"\x82\x01.",
        # Sizes that are not there: gigabytes of memory, asked for in a few bytes.
        b"\x80\x04}r\xff\xff\xff\xff0Nr\xff\xff\xff\x7f.",
        b"B\xff\xff\xff\x7f.",
        b"\x80\x05\x96" + b"\xff" * 7 + b"\x7f.",
        b"\x80\x04\x95" + b"\xff" * 7 + b"\x7f.",
        b"",
        b"a picture",
        pickle.dumps(META)[:-9],
        b"(" * 100_000,
    ],
)
def test_a_hostile_or_damaged_pickle_is_refused(program):
    try:
        read = read_plain(program)
    except RefusedPickleError as refused:
        assert str(refused)
    else:
        # Only a place in the memo is far away, which costs nothing here.
        assert read is None


def test_what_is_allowed_stays_as_it_is():
    with pytest.raises(RefusedPickleError):
        read_plain(b"cnumpy\ndtype\n}S'_name'\nS'encode'\nsb.")
    assert read_plain(pickle.dumps(np.float64(2))) == 2


def test_a_large_pickle_is_not_read():
    pickled = pickletools.optimize(pickle.dumps("a" * 2**20))
    with pytest.raises(RefusedPickleError, match="bytes"):
        read_plain(pickled)
