"""From evidence to a verdict: decision rules and corrections for many of them.

Belongs here: rules over numbers. Does not belong here: the claims' words.
"""
