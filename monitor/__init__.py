"""The innovation monitor: from the yearly answers of firms to a release with honest uncertainty.

In a notebook:

    from monitor import SurveyDesign, read_release

    release = read_release("monitor-home/releases/noord_nederland/latest")
    release.table("headline")
    SurveyDesign.from_release(release.path, "2019").mean("innovation_active", by="size_band")
"""

import os
from typing import TYPE_CHECKING

from monitor.notebook.names import __getattr__ as __getattr__

if TYPE_CHECKING:
    from monitor.notebook.design import SurveyDesign as SurveyDesign
    from monitor.notebook.release import read_release as read_release

# One thread for an array product: the arrays are small, so that threads cost more than they give.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
