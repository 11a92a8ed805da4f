-- Fills the numbers that the slugs of live customers end with, as runs without gaps, for databases
-- from before version 5.
INSERT INTO main.slug_runs (workspace_no, stem, low, high)
SELECT workspace_no, stem, min(number), max(number)
FROM (
    SELECT workspace_no, stem, CAST(digits AS INTEGER) AS number,
        CAST(digits AS INTEGER)
            - row_number() OVER (PARTITION BY workspace_no, stem ORDER BY CAST(digits AS INTEGER)) AS run
    FROM (
        SELECT workspace_no, stem, substr(slug, length(stem) + 1) AS digits
        FROM (
            SELECT workspace_no, slug, rtrim(slug, '0123456789') AS stem
            FROM main.customers WHERE deleted_at IS NULL
        )
        WHERE stem LIKE '%-'
    )
    -- `aurora-02` does not count as numbered.
    WHERE digits NOT LIKE '0%' AND CAST(digits AS INTEGER) BETWEEN 2 AND 999999999
)
GROUP BY workspace_no, stem, run;
