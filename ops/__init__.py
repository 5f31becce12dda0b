"""The people who run the lake: its command line, its services, its demo."""
