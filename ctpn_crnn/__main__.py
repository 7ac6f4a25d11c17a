"""`python -m ctpn_crnn`: the console command."""

import sys

from ctpn_crnn.commands import main

if __name__ == "__main__":
    sys.exit(main())
