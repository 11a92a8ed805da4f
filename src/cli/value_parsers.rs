//! Parsers of values that several commands take, and suggestions for misspelled ones.

use std::str::FromStr;
use std::time::Duration;

use crate::model::parse::problem::Fault;
use crate::model::parse::typo::nearest;
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;
use crate::model::web::public_url;

pub fn parse_slug(text: &str) -> Result<Slug, String> {
    Slug::parse(text).map_err(message)
}

pub fn parse_name(text: &str) -> Result<Name, String> {
    Name::parse(text).map_err(message)
}

/// Parses the URL at which a server is reached, and returns it without a slash at the end.
pub fn parse_base_url(text: &str) -> Result<String, String> {
    let Some((origin, path)) = public_url::split(text) else {
        return Err("must be http or https, a host, and optionally a port and a path, such as \
                    http://localhost:8080 or https://example.com/pivotal"
            .to_owned());
    };
    Ok(format!("{}{path}", origin.as_str()))
}

/// Parses how long to wait, up to a day.
pub fn parse_wait(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).ok();
    let allowed = "must be a duration of up to 24h, such as 30s or 5m";
    time.filter(|time| *time <= Duration::from_secs(24 * 60 * 60)).ok_or_else(|| allowed.to_owned())
}

fn message(fault: Fault) -> String {
    fault.requirement
}

/// Parses one of these names. The error lists them, and says which one was probably meant.
pub fn parse_one_of<T: FromStr>(text: &str, names: &[&str]) -> Result<T, String> {
    let refused = || format!("must be one of: {}{}", names.join(", "), did_you_mean(text, names));
    let is_name = names.contains(&text);
    text.parse().ok().filter(|_| is_name).ok_or_else(refused)
}

/// Returns the end of a message that suggests a name: `; did you mean ...?`, or nothing.
pub fn did_you_mean(text: &str, names: &[&str]) -> String {
    let meant = nearest(text, names.iter().copied());
    meant.map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::key::Tier;

    #[test]
    fn a_base_url_may_have_a_path_but_nothing_after_it() {
        for (text, parsed) in [
            ("http://localhost:8080", "http://localhost:8080"),
            ("https://EXAMPLE.com:443/", "https://example.com"),
            ("https://example.com/pivotal/", "https://example.com/pivotal"),
            ("http://[::1]:8080/a/b", "http://[::1]:8080/a/b"),
        ] {
            assert_eq!(parse_base_url(text).as_deref(), Ok(parsed));
        }
        for text in ["example.com", "ftp://a", "http://a?b", "http://a#b", "http://a:b@c", ""] {
            assert!(parse_base_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_wait_has_a_unit_and_an_end() {
        assert_eq!(parse_wait("90s"), Ok(Duration::from_secs(90)));
        for text in ["", "5", "25h", "-1s"] {
            assert!(parse_wait(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_misspelled_name_is_refused_with_the_one_that_was_meant() {
        let names = ["standard", "paid"];
        assert_eq!(parse_one_of::<Tier>("paid", &names), Ok(Tier::Paid));
        let choices = "must be one of: standard, paid";
        let typo = parse_one_of::<Tier>("standart", &names).unwrap_err();
        assert_eq!(typo, format!("{choices}; did you mean `standard`?"));
        assert_eq!(parse_one_of::<Tier>("gold", &names).unwrap_err(), choices);
        // A name that this command doesn't take.
        assert_eq!(parse_one_of::<Tier>("unlimited", &names).unwrap_err(), choices);
    }
}
