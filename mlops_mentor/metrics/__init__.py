"""Numbers of a group, computed from its tables. Nothing here runs git or reads the network."""
