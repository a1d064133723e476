"""Decode a PBF by libosmium and do nothing with it."""

import sys

import osmium


def main(pbf: str) -> None:
    """No key is called that: nothing reaches Python, all of it is decoded."""
    with osmium.io.Reader(pbf) as reader:
        osmium.apply(reader, osmium.filter.KeyFilter("@@"))


if __name__ == "__main__":
    main(sys.argv[1])
