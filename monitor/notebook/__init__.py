"""A release from a notebook: its public tables, and inference over its firms that knows the survey's design.

Belongs here: opening a release, answers by name beside the design's arrays, results that print as a table. Does not
belong here: formulas of variance and tests (`statistics`), making anything of a release (`stages`).
"""
