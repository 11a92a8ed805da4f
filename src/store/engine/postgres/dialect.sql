-- What SQLite has and PostgreSQL lacks, so that one text of a statement runs on both. PostgreSQL
-- expands these functions inside the statements that call them, so they cost nothing by themselves.

-- The larger and the smaller of two numbers; null if one of them is.
CREATE FUNCTION max(a BIGINT, b BIGINT) RETURNS BIGINT
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS 'SELECT CASE WHEN a >= b THEN a WHEN b > a THEN b END';
CREATE FUNCTION min(a BIGINT, b BIGINT) RETURNS BIGINT
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS 'SELECT CASE WHEN a <= b THEN a WHEN b < a THEN b END';

-- The position of a part in a text, from 1, or 0 if it is not there.
CREATE FUNCTION instr(text TEXT, part TEXT) RETURNS BIGINT
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS 'SELECT CAST(strpos(text, part) AS BIGINT)';

CREATE FUNCTION hex(bytes BYTEA) RETURNS TEXT
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS 'SELECT upper(encode(bytes, ''hex''))';

-- Hides a column from SQLite's query planner (src/store/rows/list.rs). PostgreSQL's has statistics,
-- so nothing is hidden from it.
CREATE FUNCTION same_text(text TEXT) RETURNS TEXT
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS 'SELECT text';
CREATE OPERATOR + (RIGHTARG = TEXT, FUNCTION = same_text);

-- The type of a JSON value. Fails if the text is not JSON.
CREATE FUNCTION json_type(doc TEXT) RETURNS TEXT
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS 'SELECT json_typeof(CAST(doc AS json))';

-- A field of a JSON object, as a text. PostgreSQL can't extract anything from a document that
-- contains U+0000, even in another field, so that character is replaced by U+FFFD.
CREATE FUNCTION json_field(doc TEXT, field TEXT) RETURNS TEXT
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
        SELECT json_extract_path_text(
            CAST(CASE WHEN strpos(doc, '\u0000') = 0 THEN doc ELSE
                regexp_replace(doc, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g')
            END AS json), field)
    $$;
CREATE OPERATOR ->> (LEFTARG = TEXT, RIGHTARG = TEXT, FUNCTION = json_field);
