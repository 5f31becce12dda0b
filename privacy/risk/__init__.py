"""How likely is somebody found again in what is published, and what is done about it.

`rules.py` holds the decisions of security, `ladder.py` the ways to tell less, `rows.py`
what is looked at, `measure.py` the figures, `decide.py` the gate, `events.py` whether a
few known events are enough, `report.py` the page for officers. No IO in here.
"""
