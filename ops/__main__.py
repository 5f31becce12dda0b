"""`python -m ops …` is what ./lake runs."""

import os
import sys

from lake_config.settings import OTHERS
from ops.cli import main

os.umask(OTHERS)
sys.exit(main())
