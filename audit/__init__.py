"""Append-only record of what happened: append, read, verify, and nothing else.

Knows nothing of Spark, Airflow or HTTP. No personal value is ever in an event.
"""
