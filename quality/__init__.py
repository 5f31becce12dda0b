"""Says whether data is good. Never writes, never opens a path.

Rules come from the contract; they are judged by polars over the committed files, and are
declared to Great Expectations.
"""
