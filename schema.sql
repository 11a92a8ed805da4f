-- The complete schema of a new database, embedded in the binary. The version is stored in the
-- database's user_version (src/store/engine/schema.rs). A database from an older version is rebuilt
-- with this schema (src/store/upgrade).
--
-- Times are microseconds since 1970, UTC. IDs, times, and random values come from the server.
-- A row with deleted_at set is a tombstone. It stays for the audit log, but is excluded from reads
-- (src/store/rows), from partial indexes, and from unique constraints.

-- A single row, created with the database: its identity, and settings that apply to all of it.
CREATE TABLE database (
    no                 INTEGER PRIMARY KEY CHECK (no = 1),
    -- Identifies this database, also in its lock file. A copy has the same id.
    id                 TEXT    NOT NULL CHECK (length(id) = 32),
    -- The key of the MAC that serves as the checksum of API keys.
    key_check_secret   BLOB    NOT NULL CHECK (length(key_check_secret) = 32),
    -- 1 from the creation of the first API keys until they have been printed.
    first_keys_unshown INTEGER NOT NULL DEFAULT 0 CHECK (first_keys_unshown IN (0, 1))
) STRICT;

CREATE TABLE workspaces (
    no         INTEGER PRIMARY KEY,
    id         TEXT    NOT NULL UNIQUE,
    slug       TEXT    NOT NULL UNIQUE CHECK (length(slug) BETWEEN 1 AND 100),
    name       TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
    created_at INTEGER NOT NULL,
    -- The currency of its customers' revenue, as an ISO 4217 code.
    currency   TEXT    NOT NULL DEFAULT 'USD' CHECK (currency GLOB '[A-Z][A-Z][A-Z]')
) STRICT;

-- The last display_id and creation time that were allocated, per workspace and resource type.
-- Both only increase, so display IDs are never reused and creation times are unique.
CREATE TABLE sequences (
    workspace_no INTEGER NOT NULL REFERENCES workspaces (no),
    resource     TEXT    NOT NULL CHECK (resource IN ('customer', 'contact', 'onboarding', 'event')),
    display_id   INTEGER NOT NULL CHECK (display_id > 0),
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (workspace_no, resource)
) STRICT, WITHOUT ROWID;

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
    -- The key that this key replaces.
    replaces      TEXT    REFERENCES api_keys (id),
    -- Null if it does not expire.
    expires_at    INTEGER
) STRICT;

CREATE INDEX api_keys_by_workspace ON api_keys (workspace_no, created_at);

-- The indexes of the large tables are separate statements, so that an upgrade can create them after
-- the rows.

-- A resource is a document: `doc` is the object exactly as the API returns it. The other columns
-- are only the values that are searched, sorted by, unique, or checked, and `shape`, the version of
-- the document's shape (src/store/rows/document.rs). `doc` is the last column, so that in a long
-- row, the others are not on overflow pages.
CREATE TABLE customers (
    id                 TEXT    NOT NULL CHECK (id LIKE 'c%'),
    workspace_no       INTEGER NOT NULL REFERENCES workspaces (no),
    display_id         INTEGER NOT NULL CHECK (display_id > 0),
    slug               TEXT    NOT NULL CHECK (length(slug) BETWEEN 1 AND 100),
    -- The comparison key of the domain.
    domain_key         TEXT,
    status             TEXT    NOT NULL
        CHECK (status IN ('onboarding', 'active', 'at_risk', 'churned', 'archived')),
    hubspot_company_id TEXT,
    stripe_customer_id TEXT,
    -- The comparison keys of name, slug and domain, for the substring filter.
    search             TEXT    NOT NULL,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL CHECK (updated_at >= created_at),
    deleted_at         INTEGER CHECK (deleted_at >= created_at),
    shape              INTEGER NOT NULL CHECK (shape >= 1),
    doc                TEXT    NOT NULL CHECK (json_type(doc) = 'object')
) STRICT;

CREATE UNIQUE INDEX customers_by_id ON customers (id);
CREATE UNIQUE INDEX customers_by_number ON customers (workspace_no, display_id);
CREATE UNIQUE INDEX customers_by_slug
    ON customers (workspace_no, slug) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX customers_by_time
    ON customers (workspace_no, created_at) WHERE deleted_at IS NULL;
CREATE INDEX customers_by_status
    ON customers (workspace_no, status, created_at) WHERE deleted_at IS NULL;
CREATE INDEX customers_by_domain
    ON customers (workspace_no, domain_key, created_at)
    WHERE deleted_at IS NULL AND domain_key IS NOT NULL;
CREATE INDEX customers_by_hubspot_company
    ON customers (workspace_no, hubspot_company_id, created_at)
    WHERE deleted_at IS NULL AND hubspot_company_id IS NOT NULL;
CREATE INDEX customers_by_stripe_customer
    ON customers (workspace_no, stripe_customer_id, created_at)
    WHERE deleted_at IS NULL AND stripe_customer_id IS NOT NULL;
-- Tombstones have indexes of their own, for purging them.
CREATE INDEX customers_deleted ON customers (deleted_at) WHERE deleted_at IS NOT NULL;

-- The numbers that the slugs of live customers end with, as runs without gaps: `aurora-2` to
-- `aurora-5` are one row with the stem `aurora-` (src/store/rows/slug_runs.rs).
CREATE TABLE slug_runs (
    workspace_no INTEGER NOT NULL REFERENCES workspaces (no),
    stem         TEXT    NOT NULL CHECK (stem LIKE '%-'),
    low          INTEGER NOT NULL CHECK (low >= 2),
    high         INTEGER NOT NULL CHECK (high BETWEEN low AND 999999999),
    PRIMARY KEY (workspace_no, stem, low)
) STRICT, WITHOUT ROWID;

CREATE TABLE contacts (
    id           TEXT    NOT NULL CHECK (id LIKE 'c%'),
    workspace_no INTEGER NOT NULL REFERENCES workspaces (no),
    customer_id  TEXT    NOT NULL REFERENCES customers (id),
    display_id   INTEGER NOT NULL CHECK (display_id > 0),
    -- The comparison key of the email.
    email_key    TEXT    NOT NULL,
    -- 0, except for contacts from before version 5 whose email is equivalent to that of an earlier
    -- contact of the customer: those are numbered from 1.
    email_repeat INTEGER NOT NULL CHECK (email_repeat >= 0),
    is_primary   INTEGER NOT NULL CHECK (is_primary IN (0, 1)),
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL CHECK (updated_at >= created_at),
    deleted_at   INTEGER CHECK (deleted_at >= created_at),
    shape        INTEGER NOT NULL CHECK (shape >= 1),
    doc          TEXT    NOT NULL CHECK (json_type(doc) = 'object')
) STRICT;

CREATE UNIQUE INDEX contacts_by_id ON contacts (id);
CREATE UNIQUE INDEX contacts_by_number ON contacts (workspace_no, display_id);
CREATE UNIQUE INDEX contacts_by_time ON contacts (workspace_no, created_at);
CREATE UNIQUE INDEX contacts_by_email
    ON contacts (customer_id, email_key, email_repeat) WHERE deleted_at IS NULL;
CREATE INDEX contacts_by_customer
    ON contacts (customer_id, created_at) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX contacts_primary
    ON contacts (customer_id) WHERE is_primary = 1 AND deleted_at IS NULL;
CREATE INDEX contacts_deleted ON contacts (customer_id, deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE onboardings (
    id                  TEXT    NOT NULL CHECK (id LIKE 'c%'),
    workspace_no        INTEGER NOT NULL REFERENCES workspaces (no),
    customer_id         TEXT    NOT NULL REFERENCES customers (id),
    display_id          INTEGER NOT NULL CHECK (display_id > 0),
    phase               TEXT    NOT NULL
        CHECK (phase IN ('before_getting_started', 'program_design', 'review', 'program_buildout',
                         'internal_qa', 'launch', 'completed')),
    state               TEXT    NOT NULL
        CHECK (state IN ('active', 'paused', 'at_risk', 'waiting')),
    -- Needed to count overdue onboardings.
    target_launch_date  INTEGER,
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL CHECK (updated_at >= created_at),
    deleted_at          INTEGER CHECK (deleted_at >= created_at),
    -- Set when the customer is deleted: the onboarding is no longer listed, but can be retrieved.
    customer_deleted_at INTEGER,
    shape               INTEGER NOT NULL CHECK (shape >= 1),
    doc                 TEXT    NOT NULL CHECK (json_type(doc) = 'object')
) STRICT;

CREATE UNIQUE INDEX onboardings_by_id ON onboardings (id);
CREATE UNIQUE INDEX onboardings_by_number ON onboardings (workspace_no, display_id);
CREATE UNIQUE INDEX onboardings_by_creation ON onboardings (workspace_no, created_at);
CREATE INDEX onboardings_by_time
    ON onboardings (workspace_no, created_at)
    WHERE deleted_at IS NULL AND customer_deleted_at IS NULL;
CREATE INDEX onboardings_by_state
    ON onboardings (workspace_no, state, created_at)
    WHERE deleted_at IS NULL AND customer_deleted_at IS NULL;
CREATE INDEX onboardings_by_phase
    ON onboardings (workspace_no, phase, created_at)
    WHERE deleted_at IS NULL AND customer_deleted_at IS NULL;
CREATE INDEX onboardings_by_phase_and_state
    ON onboardings (workspace_no, phase, state, created_at)
    WHERE deleted_at IS NULL AND customer_deleted_at IS NULL;
CREATE INDEX onboardings_by_customer
    ON onboardings (customer_id, created_at)
    WHERE deleted_at IS NULL AND customer_deleted_at IS NULL;
CREATE INDEX onboardings_deleted
    ON onboardings (customer_id, deleted_at)
    WHERE deleted_at IS NOT NULL OR customer_deleted_at IS NOT NULL;

-- Every change, recorded in the same transaction. Append-only: only what is purged is deleted.
CREATE TABLE events (
    id           TEXT    NOT NULL CHECK (id LIKE 'evt_%'),
    workspace_no INTEGER NOT NULL REFERENCES workspaces (no),
    created_at   INTEGER NOT NULL,
    type         TEXT    NOT NULL,
    livemode     INTEGER NOT NULL CHECK (livemode IN (0, 1)),
    actor_type   TEXT    NOT NULL CHECK (actor_type IN ('api_key', 'admin', 'system')),
    actor_id     TEXT    NOT NULL,
    actor_name   TEXT    NOT NULL,
    resource     TEXT    NOT NULL CHECK (resource IN
        ('customer', 'contact', 'onboarding', 'api_key', 'webhook_endpoint')),
    resource_id  TEXT    NOT NULL,
    -- The customer whose activity includes the event. Events of API keys and webhook endpoints have
    -- none, nor do those that say that a record was purged: they outlive it.
    customer_id  TEXT    REFERENCES customers (id),
    -- The phases that an onboarding moved from and to.
    from_phase   TEXT,
    to_phase     TEXT    CHECK ((to_phase IS NULL) = (from_phase IS NULL)),
    previous     TEXT    CHECK (json_type(previous) = 'object'),
    -- The last column, so that filtering out an event does not read it.
    object       TEXT    NOT NULL CHECK (json_type(object) = 'object'),
    CHECK ((customer_id IS NULL) =
        (resource IN ('api_key', 'webhook_endpoint') OR type LIKE '%.purged'))
) STRICT;

CREATE UNIQUE INDEX events_by_id ON events (id);
CREATE UNIQUE INDEX events_by_time ON events (workspace_no, created_at);
CREATE INDEX events_by_resource ON events (resource_id, created_at);
CREATE INDEX events_by_customer ON events (customer_id, created_at);

CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END;
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
WHEN NOT EXISTS (
    SELECT 1 FROM purges
    WHERE erased_at IS NULL AND open = 0 AND workspace_no = OLD.workspace_no
        AND CASE resource
            WHEN 'workspace' THEN true
            WHEN 'events' THEN OLD.created_at < events_before
            WHEN 'customer' THEN OLD.customer_id = resource_id
            ELSE OLD.resource_id = resource_id AND OLD.type NOT LIKE '%.purged'
        END)
BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END;

-- What was purged. The rows stay, and contain no personal data.
CREATE TABLE purges (
    no            INTEGER PRIMARY KEY,
    -- Not a reference, because a deleted workspace has no row.
    workspace_no  INTEGER NOT NULL,
    -- Either a record or a workspace, with its ID, or the events of a workspace before a time.
    resource      TEXT    NOT NULL
        CHECK (resource IN ('customer', 'contact', 'onboarding', 'workspace', 'events')),
    resource_id   TEXT,
    events_before INTEGER,
    purged_at     INTEGER NOT NULL,
    actor_type    TEXT    NOT NULL CHECK (actor_type IN ('admin', 'system')),
    actor_id      TEXT    NOT NULL,
    -- When its rows were gone, and all copies in the unused space of the file overwritten.
    erased_at     INTEGER,
    -- 0 while a transaction deletes its events, otherwise null. No row of `database` has this
    -- number, so the transaction cannot commit before it sets it to null.
    open          INTEGER CHECK (open = 0)
        REFERENCES database (no) DEFERRABLE INITIALLY DEFERRED,
    CHECK ((resource = 'events') = (resource_id IS NULL)),
    CHECK ((resource = 'events') = (events_before IS NOT NULL)),
    CHECK (open IS NULL OR erased_at IS NULL)
) STRICT;

CREATE INDEX purges_unfinished ON purges (open) WHERE erased_at IS NULL;
CREATE INDEX purges_by_resource ON purges (resource_id);

-- The URLs that a workspace's events are sent to.
CREATE TABLE webhook_endpoints (
    no                    INTEGER PRIMARY KEY,
    id                    TEXT    NOT NULL UNIQUE CHECK (id LIKE 'ep_%'),
    workspace_no          INTEGER NOT NULL REFERENCES workspaces (no),
    url                   TEXT    NOT NULL,
    description           TEXT    NOT NULL CHECK (length(description) <= 255),
    mode                  TEXT    NOT NULL CHECK (mode IN ('live', 'test')),
    -- Event types, and the fields that narrow updates, separated by spaces. Empty means all.
    types                 TEXT    NOT NULL,
    fields                TEXT    NOT NULL,
    -- The signing secret, and the fingerprint of the key that it is encrypted with, if it is
    -- (src/model/webhook/encryption.rs).
    secret                BLOB    NOT NULL,
    secret_key            TEXT,
    -- The secret from before the last rotation, while it is still valid.
    old_secret            BLOB,
    old_secret_key        TEXT,
    old_secret_expires_at INTEGER,
    disabled_at           INTEGER,
    disabled_reason       TEXT    CHECK (disabled_reason IN ('admin', 'failures', 'gone')),
    -- Deliveries that failed since the last success.
    failures              INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0),
    created_at            INTEGER NOT NULL,
    updated_at            INTEGER NOT NULL,
    -- Set for a temporary endpoint, which is removed then.
    expires_at            INTEGER,
    -- Set until its deliveries are removed, and the row with them.
    deleted_at            INTEGER,
    CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL)),
    CHECK ((old_secret IS NULL) = (old_secret_expires_at IS NULL))
) STRICT;

CREATE INDEX webhook_endpoints_by_workspace
    ON webhook_endpoints (workspace_no, mode) WHERE deleted_at IS NULL;

-- The outbox and the delivery log: one row for each event and endpoint, written with the event.
CREATE TABLE webhook_deliveries (
    no              INTEGER PRIMARY KEY,
    id              TEXT    NOT NULL CHECK (id LIKE 'msg_%'),
    endpoint_no     INTEGER NOT NULL REFERENCES webhook_endpoints (no),
    event_id        TEXT    NOT NULL CHECK (event_id LIKE 'evt_%'),
    type            TEXT    NOT NULL,
    status          TEXT    NOT NULL
        CHECK (status IN ('pending', 'delivered', 'failed', 'skipped')),
    -- How many attempts were made, and how many of them since it was queued or replayed.
    attempts        INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    step            INTEGER NOT NULL DEFAULT 0 CHECK (step >= 0),
    -- 0 means at once, and -1 before those that are due at once.
    next_attempt_at INTEGER,
    -- 1 for what was pending when a backup was made: a restored database must not send it.
    held            INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1)),
    created_at      INTEGER NOT NULL,
    -- The body of a ping or a test event. Any other is made from the event.
    body            TEXT,
    CHECK ((next_attempt_at IS NULL) = (status <> 'pending'))
) STRICT;

CREATE UNIQUE INDEX webhook_deliveries_by_id ON webhook_deliveries (id);
CREATE INDEX webhook_deliveries_due
    ON webhook_deliveries (endpoint_no, next_attempt_at) WHERE status = 'pending' AND held = 0;
CREATE INDEX webhook_deliveries_by_time ON webhook_deliveries (endpoint_no, created_at);
CREATE INDEX webhook_deliveries_to_replay
    ON webhook_deliveries (endpoint_no, created_at) WHERE status IN ('failed', 'skipped');
CREATE INDEX webhook_deliveries_held ON webhook_deliveries (endpoint_no) WHERE held = 1;
CREATE INDEX webhook_deliveries_by_event ON webhook_deliveries (event_id);

CREATE TABLE webhook_attempts (
    delivery_no INTEGER NOT NULL REFERENCES webhook_deliveries (no),
    number      INTEGER NOT NULL CHECK (number >= 1),
    started_at  INTEGER NOT NULL,
    -- In microseconds.
    duration    INTEGER NOT NULL,
    url         TEXT    NOT NULL,
    status      INTEGER,
    -- Null when it succeeded.
    error       TEXT,
    -- The beginning of the body.
    response    BLOB    NOT NULL,
    PRIMARY KEY (delivery_no, number)
) STRICT, WITHOUT ROWID;

-- One row, written by a server when it starts: the settings that commands need to check URLs and
-- encrypt secrets.
CREATE TABLE webhook_settings (
    no             INTEGER PRIMARY KEY CHECK (no = 1),
    -- src/model/webhook/policy.rs
    policy         TEXT    NOT NULL CHECK (json_type(policy) = 'object'),
    -- The fingerprint of the encryption key.
    encryption_key TEXT,
    -- The delay before first attempts, in microseconds.
    first_delay    INTEGER NOT NULL
) STRICT;

-- Responses saved for retries, for a day.
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

-- A single row, once the admin has a password.
CREATE TABLE admin (
    id            INTEGER PRIMARY KEY CHECK (id = 1),
    password_hash TEXT    NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
    changed_at    INTEGER NOT NULL
) STRICT;

-- The open sessions of the admin pages.
CREATE TABLE admin_sessions (
    -- The digest of the token in the cookie. The token itself is not stored.
    token           BLOB    PRIMARY KEY NOT NULL CHECK (length(token) = 32),
    -- Names the session on the pages. Has nothing to do with the token.
    id              TEXT    NOT NULL UNIQUE,
    -- When the password that it was opened with was set. Another password ends it.
    password_set_at INTEGER NOT NULL,
    signed_in_at    INTEGER NOT NULL,
    -- Its last request, or an earlier one: not every request is worth a write.
    last_seen_at    INTEGER NOT NULL,
    -- The client of its last request.
    address         TEXT    NOT NULL,
    device          TEXT    NOT NULL,
    -- The ID of its current workspace. Null, or the ID of one that was deleted, means the first one.
    workspace_id    TEXT
) STRICT;

-- The forms that a session has submitted and that do something only once.
CREATE TABLE admin_submissions (
    session      BLOB    NOT NULL CHECK (length(session) = 32),
    form         BLOB    NOT NULL CHECK (length(form) = 32),
    submitted_at INTEGER NOT NULL,
    PRIMARY KEY (session, form)
) STRICT, WITHOUT ROWID;

-- A single row that the deep health check writes, to test that the database can be written to.
CREATE TABLE health (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    checked_at INTEGER NOT NULL
) STRICT;
