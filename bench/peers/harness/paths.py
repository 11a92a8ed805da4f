"""Where things are."""

from pathlib import Path

PEERS = Path(__file__).resolve().parent.parent
REPOSITORY = PEERS.parent.parent
# Everything that is installed or created; bench/peers/run installs into it.
TARGET = REPOSITORY / "target" / "peers"
VENV_BIN = TARGET / "venv" / "bin"
NODE_MODULES = TARGET / "node" / "node_modules"
