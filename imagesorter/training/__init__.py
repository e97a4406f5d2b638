"""Losses, attributes, and the recipe of the bundled model."""
