"""Imagesorter: sort photographs by any attribute that can be typed."""

__version__ = "0.1.0"
