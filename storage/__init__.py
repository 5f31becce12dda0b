"""Where the zones' bytes lie: local folders, or an S3 store. Knows nothing of jobs.

Paths are names that lake_config/layers.py makes; a store says where they lie.
"""
