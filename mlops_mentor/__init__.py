"""The teaching assistant that a university course cannot hire."""

__version__ = "0.1.0"
