-- The database of the Fastify and FastAPI servers. The indexes of `customers` are those that the
-- filters of this project's API need, so that a POST keeps as many of them up to date.

CREATE TABLE workspaces (
    id   INTEGER PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL
) STRICT;

CREATE TABLE api_keys (
    prefix       TEXT PRIMARY KEY,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    -- SHA-256 of the whole key.
    digest       BLOB NOT NULL CHECK (length(digest) = 32),
    name         TEXT NOT NULL,
    revoked_at   TEXT
) STRICT;

-- The last display ID of each workspace.
CREATE TABLE counters (
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    resource     TEXT NOT NULL,
    last         INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, resource)
) STRICT, WITHOUT ROWID;

CREATE TABLE customers (
    id                  TEXT PRIMARY KEY,
    workspace_id        INTEGER NOT NULL REFERENCES workspaces (id),
    display_id          INTEGER NOT NULL,
    name                TEXT NOT NULL,
    slug                TEXT NOT NULL,
    domain              TEXT,
    status              TEXT NOT NULL,
    plan                TEXT,
    mrr                 INTEGER,
    monthly_orders      INTEGER,
    hubspot_company_id  TEXT,
    hubspot_deal_id     TEXT,
    stripe_customer_id  TEXT,
    intercom_company_id TEXT,
    slack_channel_id    TEXT,
    -- JSON
    tags                TEXT NOT NULL,
    metadata            TEXT NOT NULL,
    created_at          TEXT NOT NULL,
    updated_at          TEXT NOT NULL,
    UNIQUE (workspace_id, slug),
    -- Also the order of lists.
    UNIQUE (workspace_id, display_id)
) STRICT;

CREATE INDEX customers_by_status ON customers (workspace_id, status, display_id);
CREATE INDEX customers_by_domain ON customers (workspace_id, domain, display_id)
    WHERE domain IS NOT NULL;
CREATE INDEX customers_by_hubspot ON customers (workspace_id, hubspot_company_id, display_id)
    WHERE hubspot_company_id IS NOT NULL;
CREATE INDEX customers_by_stripe ON customers (workspace_id, stripe_customer_id, display_id)
    WHERE stripe_customer_id IS NOT NULL;

-- The audit log: one row for each change, written in its transaction.
CREATE TABLE events (
    id           INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    type         TEXT NOT NULL,
    customer_id  TEXT NOT NULL REFERENCES customers (id),
    -- The prefix of the API key.
    actor        TEXT,
    -- The customer after the change, as JSON.
    data         TEXT NOT NULL,
    created_at   TEXT NOT NULL
) STRICT;

CREATE INDEX events_by_customer ON events (customer_id, id);
