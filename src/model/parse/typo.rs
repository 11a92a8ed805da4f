//! Finds out what a misspelled name probably means.

/// How much of a name must be there for it to count as an abbreviation.
const SHORTEST_ABBREVIATION: usize = 3;

/// Returns whether two names differ so little that one may be a misspelling of the other.
pub fn is_close(written: &str, distance: usize) -> bool {
    distance <= (written.chars().count() / 3).max(1)
}

/// Returns the known name that a written one most likely means: the closest one, or the only one
/// that it is the beginning of.
pub fn nearest<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let written = written.to_lowercase();
    let known: Vec<&str> = known.into_iter().collect();
    let distances = known.iter().filter_map(|&name| {
        let distance = strsim::osa_distance(&written, &name.to_lowercase());
        is_close(&written, distance).then_some((distance, name))
    });
    let closest = distances.min().map(|(_, name)| name);
    closest.or_else(|| {
        let mut longer = known.iter().filter(|name| name.to_lowercase().starts_with(&written));
        let only = longer.next().filter(|_| longer.next().is_none())?;
        (written.chars().count() >= SHORTEST_ABBREVIATION).then_some(*only)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_with_few_typos_is_recognized() {
        let known = ["list", "listen", "test-control", "test-control-token"];
        for (written, meant) in [
            ("lsit", Some("list")),
            ("LIST", Some("list")),
            ("lisen", Some("listen")),
            ("test-contorl", Some("test-control")),
            ("test-control-tokn", Some("test-control-token")),
            ("dance", None),
            ("", None),
        ] {
            assert_eq!(nearest(written, known), meant, "{written}");
        }
    }

    #[test]
    fn an_abbreviation_is_recognized_if_only_one_name_begins_with_it() {
        let known = ["exit-with-parent", "ephemeral", "seed", "seed-schema"];
        assert_eq!(nearest("exit", known), Some("exit-with-parent"));
        assert_eq!(nearest("ep", known), None);
        assert_eq!(nearest("see", known), Some("seed"));
        assert_eq!(nearest("seed-sch", known), Some("seed-schema"));
    }

    proptest! {
        #[test]
        fn one_typo_in_a_longer_name_is_always_recognized(
            name in "[a-z]{4,12}",
            at in 0_usize..4,
            letter in "[a-z]",
        ) {
            let mut written = name.clone();
            written.replace_range(at..=at, &letter);
            prop_assert_eq!(nearest(&written, [name.as_str()]), Some(name.as_str()));
        }
    }
}
