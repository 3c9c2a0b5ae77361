"""`python -m monitor`: the same door as the command `monitor`."""

import sys

from monitor.cli import main

sys.exit(main())
