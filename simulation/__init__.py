"""An invented Suihua from one seed, with the ground truth kept apart from the data.

For the demo, tests and benchmarks; nothing else imports it. Nobody in here exists.
"""
