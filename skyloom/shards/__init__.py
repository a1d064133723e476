"""A build divided among machines: tiles, shards, their parts, and the merge."""
