"""Releases: the catalog written in the forms that other programs read.

In: the published catalog and the chips. Out: one folder with the forms that were asked
for side by side, their terms, their limits, what changed, and the digest of every file.
"""
