"""Processes: work beside, signals, progress.

Belongs here: all that is about a process. Does not belong here: what the work is.
"""
