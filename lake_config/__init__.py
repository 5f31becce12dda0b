"""What is declared: contracts, names, settings, errors.

No Spark, no Airflow, no network in here; every other room may import this one.
"""
