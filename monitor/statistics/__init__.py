"""Survey statistics: arrays in, frozen results out.

Belongs here: formulas, each with its source and held against R. Does not belong here: tables, DuckDB, a survey's
definition.
"""
