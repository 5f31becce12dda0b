"""What analysts use in notebooks: list, describe, read. A thin layer over delta-sharing."""

from lake_client.client import Lake, connect

__all__ = ["Lake", "connect"]
