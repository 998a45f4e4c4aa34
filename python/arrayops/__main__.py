"""The command line: ``python -m arrayops describe FILE...``."""

import sys

from arrayops._describe import main

if __name__ == "__main__":
    sys.exit(main())
