"""Where things are."""

import os
from pathlib import Path

from .failure import Failure

REPOSITORY = Path(__file__).resolve().parents[3]
BINARY = REPOSITORY / os.environ.get("CARGO_TARGET_DIR", "target") / "debug/pivotal-server"
# The configuration that the documentation shows.
SAMPLES = REPOSITORY / "tests/failover/patroni"


def postgres_programs() -> Path:
    """Returns the directory of the newest PostgreSQL that Debian's packages installed."""
    found = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    newest = max(found, key=lambda file: int(file.parents[1].name), default=None)
    if newest is None:
        raise Failure("PostgreSQL is missing. Install the Debian package postgresql.")
    return newest.parent
