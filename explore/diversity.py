"""How various the captions are: distinct texts, how uneven they are, who shares one."""

from dataclasses import dataclass

import duckdb

from explore.charts import Bar, bars
from explore.figures import Tally, rows


@dataclass(frozen=True)
class Variety:
    """Titles, longer captions, or tags that captions say.

    `n_once` texts occur once, `n_effective` equally frequent ones would be as various.
    Words are those of all captions, word types the distinct ones; None of tags.
    """

    what: str
    n_all: int
    n_distinct: int
    n_once: int
    n_most: int
    most_frequent: str
    entropy_bits: float
    n_effective: float
    n_words: int | None
    n_word_types: int | None


@dataclass(frozen=True)
class Sharing:
    """Titles that so many images share, and the images."""

    shared_by: str
    n_titles: int
    n_images: int


@dataclass(frozen=True)
class Diversity:
    """Of the captions that statistics are over; empty where there is none."""

    varieties: tuple[Variety, ...]
    sharing: tuple[Sharing, ...]
    top_titles: tuple[Bar, ...]

    @property
    def titles(self) -> Variety | None:
        """The titles alone."""
        return next((one for one in self.varieties if one.what == "title"), None)


def diversity(con: duckdb.DuckDBPyConnection) -> Diversity:
    """Read how various the captions are."""
    return Diversity(
        rows(con, "diversity", Variety),
        rows(con, "title_sharing", Sharing),
        bars(rows(con, "top_titles", Tally)),
    )
