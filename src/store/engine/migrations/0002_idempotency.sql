-- Answers kept for retries.

CREATE TABLE idempotency_keys (
    workspace_no INTEGER NOT NULL REFERENCES workspaces (no),
    endpoint     TEXT    NOT NULL,
    key          BLOB    NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    body_digest  BLOB    NOT NULL CHECK (length(body_digest) = 32),
    status       INTEGER NOT NULL CHECK (status BETWEEN 200 AND 299),
    location     TEXT,
    body         BLOB    NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (workspace_no, endpoint, key)
) STRICT;

CREATE INDEX idempotency_keys_by_time ON idempotency_keys (created_at);
