//! Statements are written for SQLite. This turns their parameters into those of PostgreSQL; the
//! functions and operators that it lacks are in `postgres/dialect.sql`. The one query that needs two
//! texts is here, too.

#[cfg(feature = "postgres")]
use std::borrow::Cow;

/// Returns a statement with PostgreSQL's parameters: `?` and `?2` become `$1` and `$2`. As in SQLite,
/// `?` gets the number after the largest one so far. Leaves literals, quoted names, and comments as
/// they are.
#[cfg(feature = "postgres")]
pub(in crate::store) fn for_postgres(sql: &str) -> Cow<'_, str> {
    if !sql.contains('?') {
        return Cow::Borrowed(sql);
    }
    let mut translated = String::with_capacity(sql.len() + 8);
    let (mut rest, mut largest) = (sql, 0_u32);
    while let Some(at) = rest.find(['?', '\'', '"', '-', '/']) {
        let (before, found) = rest.split_at(at);
        translated += before;
        let verbatim = verbatim_len(found);
        if verbatim > 0 {
            let (text, after) = found.split_at(verbatim);
            translated += text;
            rest = after;
            continue;
        }
        let digits = found[1..].bytes().take_while(u8::is_ascii_digit).count();
        let number = found[1..=digits].parse().unwrap_or(largest + 1);
        largest = largest.max(number);
        translated += &format!("${number}");
        rest = &found[1 + digits..];
    }
    translated += rest;
    Cow::Owned(translated)
}

/// Returns the length of the literal, the quoted name, the comment, or the operator that a text
/// begins with, or 0 if it begins with a parameter.
#[cfg(feature = "postgres")]
fn verbatim_len(sql: &str) -> usize {
    let through = |from: usize, end: &str| {
        sql[from..].find(end).map_or(sql.len(), |length| from + length + end.len())
    };
    match sql.as_bytes() {
        [b'?', ..] => 0,
        // A doubled quote ends one literal and begins the next.
        [b'\'', ..] => through(1, "'"),
        [b'"', ..] => through(1, "\""),
        [b'-', b'-', ..] => through(2, "\n"),
        [b'/', b'*', ..] => through(2, "*/"),
        _ => 1,
    }
}

/// Returns the query for columns of a table by creation time, for SQLite. There is no index of the
/// creation times of deleted rows, and documents are large, so it sorts only row numbers. `rows` is
/// what follows `FROM`, with the alias `r` for the table.
pub(in crate::store) fn by_creation_for_sqlite(columns: &str, table: &str, rows: &str) -> String {
    // Without a limit, SQLite would leave out the order of a subquery.
    format!(
        "SELECT {columns} FROM
             (SELECT r.rowid AS number FROM {rows} ORDER BY r.created_at, r.display_id LIMIT -1)
             CROSS JOIN {table} ON rowid = number"
    )
}

/// Returns the same query for PostgreSQL. It sorts whole rows, because joins don't keep an order.
#[cfg(feature = "postgres")]
pub(in crate::store) fn by_creation_for_postgres(columns: &str, rows: &str) -> String {
    format!(
        "SELECT {columns} FROM (SELECT r.* FROM {rows}) AS sorted ORDER BY created_at, display_id"
    )
}

#[cfg(all(test, feature = "postgres"))]
mod tests {
    use proptest::prelude::*;
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn parameters_get_the_numbers_that_they_have_in_sqlite() {
        for (sqlite, postgres) in [
            ("SELECT 1", "SELECT 1"),
            ("VALUES (?, ?)", "VALUES ($1, $2)"),
            ("a = ?1 OR b = ?12 OR c = ?1", "a = $1 OR b = $12 OR c = $1"),
            ("VALUES (?, ?, ?10, ?10, ?11, ?)", "VALUES ($1, $2, $10, $10, $11, $12)"),
            ("a - ? / ?", "a - $1 / $2"),
        ] {
            assert_eq!(for_postgres(sqlite), postgres);
        }
    }

    #[test]
    fn a_question_mark_that_is_no_parameter_stays() {
        for (sqlite, postgres) in [
            ("a = '?' AND b = ?", "a = '?' AND b = $1"),
            ("a = 'it''s ?' AND b = ?", "a = 'it''s ?' AND b = $1"),
            (r#""a ?" = ?"#, r#""a ?" = $1"#),
            ("a -- why?\n= ?", "a -- why?\n= $1"),
            ("a /* why? */ = ?", "a /* why? */ = $1"),
            ("'?", "'?"),
            ("-- ?", "-- ?"),
        ] {
            assert_eq!(for_postgres(sqlite), postgres);
        }
    }

    /// A parameter as it is written for SQLite.
    fn parameter() -> impl Strategy<Value = String> {
        prop_oneof![Just("?".to_owned()), (1..40_u32).prop_map(|number| format!("?{number}"))]
    }

    /// An expression that is no parameter, even if it contains something that looks like one.
    fn other() -> impl Strategy<Value = String> {
        prop_oneof![
            "[0-9]{1,3}",
            "[a-z?$'\"/*-]{0,9}".prop_map(|text| format!("'{}'", text.replace('\'', "''"))),
            "[a-z?$' -]{0,9}".prop_map(|text| format!("1 AS \"{text}x\"")),
            "[a-z?$'\" -]{0,9}".prop_map(|text| format!("2 -- {text}\n")),
            "[a-z?$'\" -]{0,9}".prop_map(|text| format!("3 /* {text} */")),
        ]
    }

    fn expressions() -> impl Strategy<Value = Vec<(bool, String)>> {
        let one = prop_oneof![
            parameter().prop_map(|sql| (true, sql)),
            other().prop_map(|sql| (false, sql)),
        ];
        prop::collection::vec(one, 1..12)
    }

    proptest! {
        /// SQLite returns the number of each parameter if the number is also its value.
        #[test]
        fn the_numbers_are_those_of_sqlite(expressions in expressions()) {
            let separator = " , ";
            let list: Vec<&str> = expressions.iter().map(|(_, sql)| sql.as_str()).collect();
            let sql = format!("SELECT {}", list.join(separator));
            let conn = Connection::open_in_memory().unwrap();
            let mut statement = conn.prepare(&sql).unwrap();
            let numbers: Vec<i64> = (1..=statement.parameter_count() as i64).collect();
            let columns = statement.column_count();
            let mut rows = statement.query(rusqlite::params_from_iter(numbers)).unwrap();
            let row = rows.next().unwrap().unwrap();
            prop_assert_eq!(columns, expressions.len());
            let expected: Vec<String> = expressions
                .iter()
                .enumerate()
                .map(|(column, (is_parameter, sql))| match is_parameter {
                    true => format!("${}", row.get::<_, i64>(column).unwrap()),
                    false => sql.clone(),
                })
                .collect();
            let expected = format!("SELECT {}", expected.join(separator));
            prop_assert_eq!(for_postgres(&sql), expected);
        }

        #[test]
        fn any_text_is_translated_without_a_panic(sql in "\\PC{0,40}") {
            for_postgres(&sql);
        }
    }
}
