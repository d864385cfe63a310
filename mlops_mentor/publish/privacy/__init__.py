"""The privacy gate: everything that leaves the data directory passes it."""
