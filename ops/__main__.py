"""`python -m ops …` is what ./lake runs."""

import sys

from ops.cli import main

sys.exit(main())
