"""An exported file, opened: readers and layouts.

Belongs here: from bytes to records of text. Does not belong here: what a column means, which file a wave is read from.
"""
