"""The only door to DuckDB, Parquet, object storage, the key of the pseudonyms and the folder of releases.

Belongs here: opening, writing whole, replacing by a rename, modes. Does not belong here: what a table means.
"""
