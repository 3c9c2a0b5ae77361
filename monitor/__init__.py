"""The innovation monitor: from the yearly answers of firms to a release with honest uncertainty."""

import os

# One thread for an array product: the arrays are small, so that threads cost more than they give.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
