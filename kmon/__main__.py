"""`python -m kmon`: the command line where the script `kmon` is not installed or not on the path."""

import sys

from kmon.cli import main

sys.exit(main())
