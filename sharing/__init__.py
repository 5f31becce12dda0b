"""Lets people read published versions, and writes down each read before its first byte.

Cannot open raw or staging; starts no Spark; serves what a receipt names and nothing else.
"""
