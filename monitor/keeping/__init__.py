"""Living with a home for years: how it stands, whether it is whole, backups, what may go.

Belongs here: what looks at a home as a whole and keeps it in order. Does not belong here: runs, publishing.
"""

from monitor.keeping.backup import backup, restore
from monitor.keeping.prune import prune
from monitor.keeping.report import open_report
from monitor.keeping.status import status
from monitor.keeping.verify import verify

__all__ = ["backup", "open_report", "prune", "restore", "status", "verify"]
