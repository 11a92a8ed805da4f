-- The forms in which domains, emails and searches compare, and the numbers of slugs as runs. The
-- functions are those of src/store/comparison.rs.

-- Otherwise the references to the tables would be renamed along with them.
PRAGMA legacy_alter_table = ON;
ALTER TABLE customers RENAME TO customers_4;
ALTER TABLE contacts RENAME TO contacts_4;
PRAGMA legacy_alter_table = OFF;

CREATE TABLE customers (
    id                  TEXT    PRIMARY KEY NOT NULL CHECK (id LIKE 'c%'),
    workspace_no        INTEGER NOT NULL REFERENCES workspaces (no),
    display_id          INTEGER NOT NULL CHECK (display_id > 0),
    name                TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
    slug                TEXT    NOT NULL CHECK (length(slug) BETWEEN 1 AND 100),
    domain              TEXT    CHECK (length(domain) BETWEEN 1 AND 253),
    -- The form in which it compares (src/model/comparison.rs).
    domain_key          TEXT    CHECK ((domain_key IS NULL) = (domain IS NULL)),
    status              TEXT    NOT NULL
        CHECK (status IN ('onboarding', 'active', 'at_risk', 'churned', 'archived')),
    plan                TEXT,
    mrr                 INTEGER CHECK (mrr BETWEEN 0 AND 9007199254740991),
    monthly_orders      INTEGER CHECK (monthly_orders BETWEEN 0 AND 9007199254740991),
    hubspot_company_id  TEXT,
    hubspot_deal_id     TEXT,
    stripe_customer_id  TEXT,
    intercom_company_id TEXT,
    slack_channel_id    TEXT,
    tags                TEXT    NOT NULL CHECK (json_type(tags) = 'array'),
    metadata            TEXT    NOT NULL CHECK (json_type(metadata) = 'object'),
    -- Name, slug and domain as they compare, for the substring filter.
    search              TEXT    NOT NULL,
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL CHECK (updated_at >= created_at),
    deleted_at          INTEGER CHECK (deleted_at >= created_at),
    UNIQUE (workspace_no, display_id)
) STRICT;

INSERT INTO customers
SELECT id, workspace_no, display_id, name, slug, domain, host_key(domain), status, plan, mrr,
    monthly_orders, hubspot_company_id, hubspot_deal_id, stripe_customer_id, intercom_company_id,
    slack_channel_id, tags, metadata, search_text(name, slug, domain), created_at, updated_at,
    deleted_at
FROM customers_4;

CREATE TABLE contacts (
    id           TEXT    PRIMARY KEY NOT NULL CHECK (id LIKE 'c%'),
    workspace_no INTEGER NOT NULL REFERENCES workspaces (no),
    customer_id  TEXT    NOT NULL REFERENCES customers (id),
    display_id   INTEGER NOT NULL CHECK (display_id > 0),
    name         TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
    email        TEXT    NOT NULL CHECK (length(email) BETWEEN 1 AND 254),
    -- The form in which it compares (src/model/comparison.rs).
    email_key    TEXT    NOT NULL,
    -- 0, but for contacts from before version 5 whose email compares equal to that of an earlier
    -- contact of the customer: those are numbered from 1.
    email_repeat INTEGER NOT NULL CHECK (email_repeat >= 0),
    title        TEXT,
    is_primary   INTEGER NOT NULL CHECK (is_primary IN (0, 1)),
    labels       TEXT    NOT NULL CHECK (json_type(labels) = 'array'),
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL CHECK (updated_at >= created_at),
    deleted_at   INTEGER CHECK (deleted_at >= created_at),
    UNIQUE (workspace_no, display_id),
    UNIQUE (workspace_no, created_at)
) STRICT;

INSERT INTO contacts
SELECT id, workspace_no, customer_id, display_id, name, email, email_key(email), 0, title, is_primary,
    labels, created_at, updated_at, deleted_at
FROM contacts_4;

-- Before their indexes, whose names are those of the old ones.
DROP TABLE customers_4;
DROP TABLE contacts_4;

-- Emails that compare equal were unique as they were written, so that at least one of them differs
-- from its key.
UPDATE contacts SET email_repeat = equal.earlier
FROM (
    SELECT id, row_number() OVER (PARTITION BY customer_id, email_key ORDER BY created_at) - 1 AS earlier
    FROM contacts
    WHERE deleted_at IS NULL AND (customer_id, email_key) IN (
        SELECT customer_id, email_key FROM contacts WHERE deleted_at IS NULL AND email <> email_key
    )
) AS equal
WHERE contacts.id = equal.id AND equal.earlier > 0;

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

CREATE UNIQUE INDEX contacts_by_email
    ON contacts (customer_id, email_key, email_repeat) WHERE deleted_at IS NULL;
CREATE INDEX contacts_by_customer
    ON contacts (customer_id, created_at) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX contacts_primary
    ON contacts (customer_id) WHERE is_primary = 1 AND deleted_at IS NULL;

-- The numbers that slugs of live customers end with, as runs without a gap: `aurora-2` to `aurora-5`
-- are one row with the stem `aurora-` (src/store/slug_runs.rs).
CREATE TABLE slug_runs (
    workspace_no INTEGER NOT NULL REFERENCES workspaces (no),
    stem         TEXT    NOT NULL CHECK (stem LIKE '%-'),
    low          INTEGER NOT NULL CHECK (low >= 2),
    high         INTEGER NOT NULL CHECK (high BETWEEN low AND 999999999),
    PRIMARY KEY (workspace_no, stem, low)
) STRICT, WITHOUT ROWID;

INSERT INTO slug_runs
SELECT workspace_no, stem, min(number), max(number)
FROM (
    SELECT workspace_no, stem, CAST(digits AS INTEGER) AS number,
        CAST(digits AS INTEGER)
            - row_number() OVER (PARTITION BY workspace_no, stem ORDER BY CAST(digits AS INTEGER)) AS run
    FROM (
        SELECT workspace_no, stem, substr(slug, length(stem) + 1) AS digits
        FROM (
            SELECT workspace_no, slug, rtrim(slug, '0123456789') AS stem
            FROM customers WHERE deleted_at IS NULL
        )
        WHERE stem LIKE '%-'
    )
    -- `aurora-02` is a slug of its own.
    WHERE digits NOT LIKE '0%' AND CAST(digits AS INTEGER) BETWEEN 2 AND 999999999
)
GROUP BY workspace_no, stem, run;
