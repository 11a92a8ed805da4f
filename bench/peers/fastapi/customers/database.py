"""The database. A commit is on disk before it returns, as with the server compared with."""

import os
import sqlite3

# Each worker process is single-threaded, so it needs one connection.
connection = sqlite3.connect(os.environ["DATABASE"], timeout=10, isolation_level=None)
connection.row_factory = sqlite3.Row
connection.execute("PRAGMA journal_mode = WAL")
connection.execute("PRAGMA synchronous = FULL")
connection.execute("PRAGMA foreign_keys = ON")
connection.execute("PRAGMA cache_size = -65536")
