"""Comparisons with what people would otherwise do, side by side in one run."""
