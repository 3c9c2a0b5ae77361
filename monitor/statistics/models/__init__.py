"""Models of a binary outcome under a survey design.

Belongs here: likelihoods, contrasts, power, what separates. Does not belong here: which models a survey declares.
"""
