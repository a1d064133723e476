"""Files that stay open between chips."""

import threading
from collections import OrderedDict
from collections.abc import Callable

import rasterio

# Three bands and the clouds of several images.
OPEN_PER_THREAD = 16
Mine = OrderedDict[str, rasterio.DatasetReader]


class Handles:
    """Each thread's own open files, for GDAL's are not to be shared between threads."""

    def __init__(self, open_file: Callable[[str], rasterio.DatasetReader]) -> None:
        """`open_file` opens a location."""
        self._open = open_file
        self._mine = threading.local()
        self._all: set[rasterio.DatasetReader] = set()

    def get(self, location: str) -> rasterio.DatasetReader:
        """The file, opened where this thread has not got it open."""
        mine = self._of_this_thread()
        if location not in mine:
            if len(mine) >= OPEN_PER_THREAD:
                self.drop(next(iter(mine)))
            image = self._open(location)
            self._all.add(image)
            mine[location] = image
        mine.move_to_end(location)
        return mine[location]

    def drop(self, location: str) -> None:
        """Close this thread's handle of a file, if it has one."""
        image = self._of_this_thread().pop(location, None)
        if image is not None:
            self._all.discard(image)
            image.close()

    def close(self) -> None:
        """Close the files of all threads; none of them reads any more."""
        while self._all:
            self._all.pop().close()

    def _of_this_thread(self) -> Mine:
        mine: Mine = self._mine.__dict__.setdefault("files", OrderedDict())
        return mine
