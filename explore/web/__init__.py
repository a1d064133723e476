"""The local web explorer: pages over the published catalog."""
