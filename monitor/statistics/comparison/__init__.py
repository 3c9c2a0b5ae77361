"""What firms that took part in a programme do differently from firms like them.

Belongs here: comparison groups by weighting and matching, how alike they are, the difference on participants, changes
against changes in a panel. Does not belong here: what a programme is, models of two practices (`statistics.models`).
"""
