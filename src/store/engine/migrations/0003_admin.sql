-- The admin's password, and which key a key takes the place of.

CREATE TABLE admin (
    id            INTEGER PRIMARY KEY CHECK (id = 1),
    password_hash TEXT    NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
    changed_at    INTEGER NOT NULL
) STRICT;

-- Made anew, so that its text is that of a new database.
ALTER TABLE api_keys RENAME TO api_keys_2;

CREATE TABLE api_keys (
    id            TEXT    PRIMARY KEY NOT NULL,
    workspace_no  INTEGER NOT NULL REFERENCES workspaces (no),
    lookup        TEXT    NOT NULL UNIQUE CHECK (length(lookup) = 8),
    hash          TEXT    NOT NULL CHECK (hash LIKE '$argon2id$%'),
    name          TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
    mode          TEXT    NOT NULL CHECK (mode IN ('live', 'test')),
    tier          TEXT    NOT NULL CHECK (tier IN ('standard', 'paid', 'unlimited')),
    scopes        TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    last_used_at  INTEGER,
    last_used_ip  TEXT,
    request_count INTEGER NOT NULL DEFAULT 0 CHECK (request_count >= 0),
    revoked_at    INTEGER,
    -- The key of which this one is the twin that takes its place.
    replaces      TEXT    REFERENCES api_keys (id)
) STRICT;

INSERT INTO api_keys SELECT *, NULL FROM api_keys_2;
DROP TABLE api_keys_2;

CREATE INDEX api_keys_by_workspace ON api_keys (workspace_no, created_at);
