"""Says whether data is good. Never writes, never opens a path.

Rules come from the contract; they are judged as native Spark expressions (row rules)
and by polars over narrow columns (set rules), and are declared to Great Expectations.
"""
