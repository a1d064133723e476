"""The spine: lake, settings, errors, progress and the catalog reader.

Every stage imports this package and nothing else of the project; it is also the
only package in the wheel, so that a lake can be read anywhere.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("skyloom")
except PackageNotFoundError:
    # A checkout that is not installed, as where a benchmark runs by itself.
    __version__ = "unknown"
