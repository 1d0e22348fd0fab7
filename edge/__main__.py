"""python -m ecg_edge."""

import sys

from .commands.cli import main

sys.exit(main())
