"""Declared rules over a table, judged by Great Expectations.

Belongs here: reading suites, judging them, the failing rows. Does not belong here: what follows for a response
or a wave (`stages.validated`).
"""

JUDGING = ("great_expectations", "monitor.rules.engine")
"""The modules that judge a table, slow to import"""
