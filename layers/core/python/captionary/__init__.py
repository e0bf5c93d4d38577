"""Captionary's library: what the three functions, the command line and the local cloud share."""

__all__ = ["__version__"]

__version__ = "0.1.0"
