"""Multiple imputation: chained equations, draws, and combining the copies.

Belongs here: filling arrays. Does not belong here: which questions are filled (`survey.imputation`).
"""
