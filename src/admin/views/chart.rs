//! The requests of the last hour as an SVG bar chart, a summary in words, and a table. For the
//! overview.

use askama::Template;

use crate::admin::display;
use crate::service::traffic::Minute;

const WIDTH: f64 = 720.0;
/// The left edge of the bars, to the right of the scale's labels.
const LEFT: f64 = 64.0;
const TOP: f64 = 12.0;
const HEIGHT: f64 = 140.0;
/// The smallest top of the scale. Without it, a single request would fill the chart.
const MIN_SCALE: u64 = 10;

/// A chart. Its template renders only the SVG.
#[derive(Template)]
#[template(path = "admin/chart.html")]
pub(in crate::admin) struct Chart {
    bars: Vec<Bar>,
    hours: Vec<Mark>,
    scale: Vec<Mark>,
    /// The chart in words.
    pub summary: String,
    /// The minutes with requests, newest first.
    pub rows: Vec<Row>,
}

/// One segment of a minute's stacked bar.
struct Bar {
    tone: &'static str,
    x: String,
    y: String,
    width: String,
    height: String,
}

/// A label on an axis.
struct Mark {
    at: String,
    text: String,
}

/// A row of the table.
pub(in crate::admin) struct Row {
    pub time: String,
    pub all: i64,
    pub client_errors: i64,
    pub server_errors: i64,
}

impl Chart {
    /// Creates the chart of an hour. The oldest minute comes first.
    pub fn new(hour: &[Minute]) -> Self {
        let most = hour.iter().map(|minute| minute.all).max().unwrap_or(0);
        let top = round_up(u64::from(most));
        let slot = (WIDTH - LEFT) / hour.len().max(1) as f64;
        let left = |n: usize| LEFT + n as f64 * slot;
        let mut bars = Vec::new();
        for (n, minute) in hour.iter().enumerate() {
            // Saturating, because a request that is counted right now may be missing from the
            // total.
            let successful = minute
                .all
                .saturating_sub(minute.client_errors)
                .saturating_sub(minute.server_errors);
            let parts = [
                ("bar bad", minute.server_errors),
                ("bar warn", minute.client_errors),
                ("bar", successful),
            ];
            let mut below = 0.0;
            for (tone, count) in parts.into_iter().filter(|(_, count)| *count > 0) {
                // Keep a single error among a million visible.
                let height = (f64::from(count) * HEIGHT / top as f64).max(1.0);
                below += height;
                bars.push(Bar {
                    tone,
                    x: svg_number(left(n) + 1.0),
                    y: svg_number(TOP + HEIGHT - below),
                    width: svg_number(slot - 2.0),
                    height: svg_number(height),
                });
            }
        }
        let hours = hour.iter().enumerate().step_by(15);
        let hours = hours.map(|(n, minute)| Mark { at: svg_number(left(n)), text: clock(minute) });
        let step = |n: u64| Mark {
            at: svg_number(TOP + HEIGHT - n as f64 * HEIGHT / top as f64),
            text: display::number(i64::try_from(n).unwrap_or(i64::MAX)),
        };
        let busy = hour.iter().rev().filter(|minute| minute.all > 0);
        Self {
            bars,
            hours: hours.collect(),
            scale: [0, top / 2, top].map(step).into(),
            summary: summary(hour),
            rows: busy.map(row).collect(),
        }
    }
}

fn row(minute: &Minute) -> Row {
    Row {
        time: clock(minute),
        all: minute.all.into(),
        client_errors: minute.client_errors.into(),
        server_errors: minute.server_errors.into(),
    }
}

/// `17:21`
fn clock(minute: &Minute) -> String {
    minute.start.to_string().chars().skip(11).take(5).collect()
}

/// Formats a length with one decimal.
fn svg_number(length: f64) -> String {
    format!("{length:.1}")
}

/// Returns the smallest of 10, 20, 50, 100, 200… that is at least `most`.
fn round_up(most: u64) -> u64 {
    let mut ten = MIN_SCALE;
    loop {
        if let Some(top) = [1, 2, 5].map(|n| n * ten).into_iter().find(|top| *top >= most) {
            return top;
        }
        ten = ten.saturating_mul(10);
    }
}

fn summary(hour: &[Minute]) -> String {
    let sum = |of: fn(&Minute) -> u32| hour.iter().map(|minute| i64::from(of(minute))).sum::<i64>();
    let all = sum(|minute| minute.all);
    let Some(busiest) = hour.iter().max_by_key(|minute| minute.all).filter(|_| all > 0) else {
        return "No API requests in the last hour.".to_owned();
    };
    let (client, server) = (sum(|m| m.client_errors), sum(|m| m.server_errors));
    let errors = match client + server {
        0 => "None of them failed.".to_owned(),
        both => format!(
            "{} ({}) failed: {} and {}.",
            display::number(both),
            percent(both, all),
            display::count(client, "client error"),
            display::count(server, "server error"),
        ),
    };
    format!(
        "{} in the last hour, {} per minute. {errors} The busiest minute was {} UTC with {}.",
        display::count(all, "API request"),
        tenths(all * 10 / hour.len().max(1) as i64),
        clock(busiest),
        display::count(i64::from(busiest.all), "request"),
    )
}

fn percent(part: i64, whole: i64) -> String {
    match part * 1000 / whole.max(1) {
        0 => "less than 0.1%".to_owned(),
        per_mille => format!("{}%", tenths(per_mille)),
    }
}

fn tenths(n: i64) -> String {
    format!("{}.{}", display::number(n / 10), n % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::values::time::Timestamp;

    /// An hour in which some minutes have requests, client errors, and server errors.
    fn hour(busy: &[(usize, u32, u32, u32)]) -> Chart {
        let start = Timestamp::parse("2026-01-01T11:01:00Z").unwrap();
        let mut hour: Vec<Minute> = (0..60)
            .map(|n| Minute {
                start: start.plus_millis(n * 60_000),
                all: 0,
                client_errors: 0,
                server_errors: 0,
            })
            .collect();
        for &(n, all, client_errors, server_errors) in busy {
            hour[n] = Minute { all, client_errors, server_errors, ..hour[n] };
        }
        Chart::new(&hour)
    }

    #[test]
    fn an_empty_hour_has_axes_and_no_bars() {
        let chart = hour(&[]);
        assert!(chart.bars.is_empty() && chart.rows.is_empty());
        assert_eq!(chart.summary, "No API requests in the last hour.");
        let svg = chart.render().unwrap();
        assert!(svg.starts_with("<svg") && svg.contains(">11:01</text>"), "{svg}");
        assert!(!svg.contains("<rect") && !svg.contains("NaN"), "{svg}");
    }

    #[test]
    fn no_minutes_make_an_empty_chart() {
        assert!(Chart::new(&[]).render().unwrap().starts_with("<svg"));
    }

    #[test]
    fn a_bar_has_a_segment_for_each_kind_of_response() {
        let chart = hour(&[(59, 20, 5, 1)]);
        assert_eq!(
            chart.summary,
            "20 API requests in the last hour, 0.3 per minute. 6 (30.0%) failed: 5 client errors and 1 \
             server error. The busiest minute was 12:00 UTC with 20 requests."
        );
        let segments: Vec<_> =
            chart.bars.iter().map(|bar| (bar.tone, bar.height.as_str())).collect();
        assert_eq!(segments, [("bar bad", "7.0"), ("bar warn", "35.0"), ("bar", "98.0")]);
        assert_eq!(chart.bars[2].y, "12.0");
        assert_eq!(chart.rows.len(), 1);
        assert_eq!((chart.rows[0].time.as_str(), chart.rows[0].all), ("12:00", 20));
    }

    #[test]
    fn very_large_numbers_stay_inside_the_chart() {
        let chart = hour(&[(0, u32::MAX, 0, 1), (1, 1, 0, 0)]);
        assert_eq!(chart.scale[2].text, "5,000,000,000");
        assert!(chart.summary.contains("1 (less than 0.1%) failed"), "{}", chart.summary);
        for bar in &chart.bars {
            let (y, height): (f64, f64) = (bar.y.parse().unwrap(), bar.height.parse().unwrap());
            assert!(y >= TOP - 1.0 && height >= 1.0 && y + height <= TOP + HEIGHT + 1.0);
        }
        let all = [(u32::MAX); 60].iter().enumerate().map(|(n, all)| (n, *all, 0, 0));
        assert!(hour(&all.collect::<Vec<_>>()).summary.contains("257,698,037,700 API requests"));
    }

    #[test]
    fn inconsistent_counts_do_not_panic() {
        assert_eq!(hour(&[(3, 1, 2, 0)]).bars.len(), 1);
        assert_eq!(hour(&[(3, 1, u32::MAX, u32::MAX)]).rows.len(), 1);
    }

    #[test]
    fn the_scale_ends_with_a_round_number() {
        for (most, top) in
            [(0, 10), (10, 10), (11, 20), (21, 50), (51, 100), (4_294_967_295, 5_000_000_000)]
        {
            assert_eq!(round_up(most), top);
        }
    }
}
