"""The ten stages, in the order of the flow: raw, staged, validated, imputed, derived, weighted, estimated, modelled,
disclosed, released.

Belongs here: what each reads, does and writes. They meet in tables, never in imports.
"""
