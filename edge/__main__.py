"""python -m ecg_edge."""

import sys

from .cli import main

sys.exit(main())
