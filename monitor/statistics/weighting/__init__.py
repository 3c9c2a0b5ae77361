"""Weights: calibration to known totals, response propensities.

Belongs here: from arrays to weights. Does not belong here: which totals a survey has (`stages.weighted`).
"""
