"""The load stage: OpenStreetMap files -> tagged objects in the lake."""
