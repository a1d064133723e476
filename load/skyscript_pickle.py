"""Pickles of plain data and nothing else: a pickle is a program, and these are others'.

Pickle's own reader in Python is used, not the one in C: that one sets aside as much
memory as any number in the file asks for. It takes a tenth of a millisecond a file.
"""

import io
import pickle
import struct
from collections.abc import Callable
from typing import Any, Never

MOST_BYTES = 2**20
NUMPY_MODULES = ("numpy.core.multiarray", "numpy._core.multiarray")
NUMPY_FORMATS = {
    **{"f8": "d", "f4": "f", "i8": "q", "i4": "i", "i2": "h", "i1": "b"},
    **{"u8": "Q", "u4": "I", "u2": "H", "u1": "B", "b1": "?"},
}


class RefusedPickleError(Exception):
    """The pickle is damaged, or asks for more than plain data."""


class _Allowed:
    """A function that a pickle may call, and may not change."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, *arguments: Any) -> Any:
        known: dict[str, Callable[..., object]]
        known = {"dtype": _dtype, "scalar": _scalar, "encode": _encode}
        return known[self._name](*arguments)

    def __setstate__(self, state: object) -> Never:
        raise RefusedPickleError("it changes what it may only call")


class _Dtype:
    """What numpy's numbers say of their type."""

    __slots__ = ("code",)

    def __init__(self, code: str) -> None:
        self.code = code

    def __setstate__(self, state: object) -> None:
        """Byte order and the like: the published files are little-endian."""


def _dtype(code: object, *_: object) -> _Dtype:
    if code not in NUMPY_FORMATS:
        raise RefusedPickleError("numpy's type of it is no number")
    return _Dtype(str(code))


def _scalar(dtype: object, data: object = b"") -> object:
    if not isinstance(dtype, _Dtype) or not isinstance(data, bytes):
        raise RefusedPickleError("numpy's number is none")
    return struct.unpack(f"<{NUMPY_FORMATS[dtype.code]}", data)[0]


def _encode(text: object, encoding: object = "latin1") -> bytes:
    # How older protocols write bytes.
    if not isinstance(text, str) or encoding != "latin1":
        raise RefusedPickleError("its bytes are written in an unknown way")
    return text.encode("latin1")


ALLOWED = {
    ("_codecs", "encode"): _Allowed("encode"),
    ("numpy", "dtype"): _Allowed("dtype"),
    **{(module, "scalar"): _Allowed("scalar") for module in NUMPY_MODULES},
}


class _Plain(pickle._Unpickler):  # the reader in Python, see above
    def find_class(self, module: str, name: str) -> Any:
        try:
            return ALLOWED[module, name]
        except KeyError:
            raise RefusedPickleError(f"it asks for {module}.{name}") from None

    def persistent_load(self, pid: Any) -> Never:
        raise RefusedPickleError("it refers to something outside of it")


def read_plain(data: bytes) -> Any:
    """Dicts, lists, tuples, texts, numbers, booleans and None of a pickle.

    Numpy's numbers come as Python's own. No class or function of any module is
    looked up.

    Raises:
        RefusedPickleError: anything else is in it, or it is damaged or over 1 MiB.
    """
    if len(data) > MOST_BYTES:
        raise RefusedPickleError(f"it has {len(data)} bytes, over {MOST_BYTES}")
    try:
        return _Plain(io.BytesIO(data), encoding="utf-8").load()
    except RefusedPickleError:
        raise
    except Exception as error:
        # A damaged pickle fails in any way there is.
        said = str(error) or type(error).__name__
        raise RefusedPickleError(f"it is damaged ({said[:100]})") from None
