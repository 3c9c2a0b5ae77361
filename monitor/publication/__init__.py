"""The forms a release takes: report, databases, exchange, files of statistics programs, difference.

Belongs here: writing what `disclosed` let through. Does not belong here: any estimate.
"""
