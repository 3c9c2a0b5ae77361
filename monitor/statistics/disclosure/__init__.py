"""Complementary suppression: what else must go so that nothing withheld can be worked out.

Belongs here: the linear system. Does not belong here: which figures there are (`stages.disclosed`).
"""
