"""`released`: one immutable, published set – database, report, tables, metadata, manifest."""

from monitor.publication.difference import diff
from monitor.stages.released.stage import SHOWN, public_tables, releases, run_all

__all__ = ["SHOWN", "diff", "public_tables", "releases", "run_all"]
