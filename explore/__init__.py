"""Looking at a lake: the static report of a published catalog.

In: the published catalog and the chips. Out: one HTML file that opens anywhere.
"""
