"""Moves data through the zones: the only package that writes lake tables."""
