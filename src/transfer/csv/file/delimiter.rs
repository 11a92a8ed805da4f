//! Finds out which character separates the cells of a file.

/// The candidates. If several fit equally well, the first one wins.
pub const DELIMITERS: [u8; 4] = *b",;\t|";

/// Rows that are compared with the header.
const ROWS: usize = 100;

/// Detects the delimiter from the start of a file. What counts most is how many names the header
/// has that `is_known`, then how many rows have as many cells as the header.
pub fn detect(sample: &str, is_complete: bool, is_known: impl Fn(&str) -> bool) -> u8 {
    let fit = |&delimiter: &u8| {
        let mut rows = rows(sample, delimiter);
        if !is_complete && rows.len() > 1 {
            rows.pop();
        }
        let Some((header, rows)) = rows.split_first() else { return (0, false, 0, 0) };
        let known = header.iter().filter(|name| is_known(name)).count();
        let matching = rows.iter().filter(|row| row.len() == header.len()).count();
        (known, header.len() > 1, matching, header.len())
    };
    // `max_by_key` returns the last of several maxima.
    DELIMITERS.into_iter().rev().max_by_key(fit).unwrap_or(b',')
}

/// Returns the delimiter that the first line names, as Excel writes it: `sep=;`.
pub fn declared(sample: &str) -> Option<u8> {
    let line = sample.lines().next()?.trim_matches('"');
    match *line.strip_prefix("sep=")?.as_bytes() {
        [delimiter] if is_possible(delimiter) => Some(delimiter),
        _ => None,
    }
}

/// Returns whether a file can have this delimiter.
pub fn is_possible(delimiter: u8) -> bool {
    delimiter.is_ascii() && !matches!(delimiter, 0 | b'"' | b'\r' | b'\n')
}

fn rows(sample: &str, delimiter: u8) -> Vec<csv::StringRecord> {
    let reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(sample.as_bytes());
    // The sample is text in memory, so it can be read.
    reader.into_records().filter_map(Result::ok).take(ROWS + 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detected(sample: &str) -> char {
        let is_known = |name: &str| matches!(name, "Name" | "Slug" | "Plan");
        detect(sample, true, is_known).into()
    }

    #[test]
    fn the_delimiter_is_the_one_that_fits_header_and_rows() {
        assert_eq!(detected("Name,Slug\nAurora,aurora\n"), ',');
        assert_eq!(detected("Name;Slug\n\"Aurora, Inc.\";aurora\n"), ';');
        assert_eq!(detected("Name\tSlug\r\nA;B\tc\r\n"), '\t');
        assert_eq!(detected("Name|Slug|Plan\nA, B|c|d\n"), '|');
        assert_eq!(detected("Firma;Ort, Land\nA;B\nC;D\n"), ';');
        assert_eq!(detected("\"Firma;Ort\",Plan\n\"a;b\nc\",d\n"), ',');
        // A single column, which no delimiter may split.
        assert_eq!(detected("Name\nAurora, Inc.\n"), ';');
        assert_eq!(detected(""), ',');
    }

    #[test]
    fn the_last_row_of_an_incomplete_sample_does_not_count() {
        assert_eq!(detect("a;b,c\n1;2", false, |_| false), b',');
        assert_eq!(detect("a;b,c\n1;2\n3;4", false, |_| false), b';');
    }

    #[test]
    fn the_first_line_can_name_the_delimiter() {
        assert_eq!(declared("sep=;\r\nName;Slug\r\n"), Some(b';'));
        assert_eq!(declared("\"sep=|\"\nName|Slug\n"), Some(b'|'));
        assert_eq!(declared("separator;Name\n"), None);
        assert_eq!(declared("sep=\"\n"), None);
    }
}
