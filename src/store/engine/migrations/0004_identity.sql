-- What the file is recognised by. Its row is made by src/store/identity.rs, since the secret in it
-- comes from the operating system.

CREATE TABLE database (
    no                 INTEGER PRIMARY KEY CHECK (no = 1),
    -- Names this database, in its lock file too. A copy has the same.
    id                 TEXT    NOT NULL CHECK (length(id) = 32),
    -- The key of the MAC that is the checksum of API keys.
    key_check_secret   BLOB    NOT NULL CHECK (length(key_check_secret) = 32),
    -- 1 from making the first API keys until they have been printed.
    first_keys_unshown INTEGER NOT NULL DEFAULT 0 CHECK (first_keys_unshown IN (0, 1))
) STRICT;
