"""The storage check: is this store one the lake may rely on, whatever its name?

Every property is tried, never believed, in buckets and accounts of the check's own.
"""
