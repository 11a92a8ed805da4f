//! Parses the text format of OpenMetrics, strictly.

use std::collections::BTreeMap;

/// The series of a scrape, by name with labels, such as `a_total{reason="max"}`.
#[derive(Debug)]
pub struct Scrape {
    series: BTreeMap<String, f64>,
    /// The names of the metrics, with their types.
    pub types: BTreeMap<String, String>,
}

impl Scrape {
    pub fn parse(text: &str) -> Self {
        let body = text.strip_suffix("# EOF\n").unwrap();
        let (mut series, mut types) = (BTreeMap::new(), BTreeMap::new());
        let mut current = (String::new(), String::new());
        let mut described = String::new();
        for line in body.lines() {
            if let Some(comment) = line.strip_prefix("# ") {
                let words: Vec<&str> = comment.splitn(3, ' ').collect();
                let [keyword, name, rest] = words[..] else { panic!("{line}") };
                match keyword {
                    "HELP" => {
                        assert!(rest.ends_with('.') && !types.contains_key(name), "{line}");
                        described = name.to_owned();
                    }
                    "TYPE" => {
                        assert_eq!(described, name, "HELP and TYPE belong together");
                        types.insert(name.to_owned(), rest.to_owned());
                        current = (name.to_owned(), rest.to_owned());
                    }
                    "UNIT" => assert!(name == current.0 && name.ends_with(&format!("_{rest}"))),
                    _ => panic!("{line}"),
                }
                continue;
            }
            let (sample, value) = line.rsplit_once(' ').unwrap();
            let name = sample.split('{').next().unwrap();
            let suffix = name.strip_prefix(&current.0).unwrap_or_else(|| panic!("{line}"));
            let is_of_type = match current.1.as_str() {
                "counter" => suffix == "_total",
                "gauge" => suffix.is_empty(),
                "info" => suffix == "_info",
                "histogram" => ["_bucket", "_count", "_sum"].contains(&suffix),
                _ => false,
            };
            assert!(is_of_type, "{line} is no {}", current.1);
            let value = value.parse().unwrap();
            assert!(series.insert(sample.to_owned(), value).is_none(), "{line} is repeated");
        }
        let scrape = Self { series, types };
        scrape.check_histograms();
        scrape
    }

    /// Buckets are cumulative, and the last one counts everything.
    fn check_histograms(&self) {
        for (name, kind) in &self.types {
            if kind != "histogram" {
                continue;
            }
            for (series, count) in self.all(&format!("{name}_count")) {
                let labels = series.split_once('{').map_or("", |(_, labels)| labels);
                let others = labels.trim_end_matches('}');
                let mut buckets: Vec<(f64, f64)> = self
                    .all(&format!("{name}_bucket"))
                    .filter(|(bucket, _)| bucket.contains(others))
                    .map(|(bucket, count)| {
                        let bound = bucket.split("le=\"").nth(1).unwrap().split('"').next();
                        (bound.unwrap().replace("+Inf", "inf").parse().unwrap(), count)
                    })
                    .collect();
                buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
                assert!(buckets.is_sorted_by(|one, other| one.1 <= other.1), "{series}");
                assert_eq!(buckets.last(), Some(&(f64::INFINITY, count)), "{series}");
            }
        }
    }

    /// Returns the value of a series, which must be there.
    #[track_caller]
    pub fn get(&self, series: &str) -> f64 {
        let value = self.series.get(series);
        *value.unwrap_or_else(|| panic!("{series} is missing in {:#?}", self.series))
    }

    /// Returns all series with this name.
    pub fn all(&self, name: &str) -> impl Iterator<Item = (&str, f64)> {
        let is_named = move |series: &str| series.split('{').next() == Some(name);
        let all = self.series.iter().filter(move |(series, _)| is_named(series));
        all.map(|(series, value)| (series.as_str(), *value))
    }

    pub fn names(&self) -> Vec<&str> {
        self.series.keys().map(String::as_str).collect()
    }
}
