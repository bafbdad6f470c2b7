"""``python -m meshop_gateway``."""

import sys

from meshop_gateway.main import main

if __name__ == "__main__":
    sys.exit(main())
