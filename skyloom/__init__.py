"""The spine: lake, settings, errors, progress and the catalog reader.

Every stage imports this package and nothing else of the project; it is also the
only package in the wheel, so that a lake can be read anywhere.
"""

from importlib.metadata import version

__version__ = version("skyloom")
