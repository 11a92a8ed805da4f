"""The `pivotal-server` command."""

import os
import sys

from pivotal_server import BINARY


def main() -> None:
    os.execv(BINARY, ["pivotal-server", *sys.argv[1:]])


if __name__ == "__main__":
    main()
