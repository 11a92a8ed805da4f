//! The requests of the last hour as a bar chart in SVG, and the same in words and in a table. For
//! the overview.

use askama::Template;

use crate::admin::display;
use crate::service::traffic::Minute;

const WIDTH: f64 = 720.0;
/// The numbers stand to the left of the bars.
const LEFT: f64 = 64.0;
const TOP: f64 = 12.0;
const HEIGHT: f64 = 140.0;
/// The scale goes at least so far, so that a single request is no tower.
const MIN_SCALE: u64 = 10;

/// A chart, ready to be shown. Its template is the picture alone.
#[derive(Template)]
#[template(path = "admin/chart.html")]
pub(in crate::admin) struct Chart {
    bars: Vec<Bar>,
    hours: Vec<Mark>,
    scale: Vec<Mark>,
    /// What it shows, in a few sentences.
    pub summary: String,
    /// The minutes in which there was anything, newest first.
    pub rows: Vec<Row>,
}

/// A part of a minute's bar.
struct Bar {
    tone: &'static str,
    x: String,
    y: String,
    width: String,
    height: String,
}

/// A text at an axis.
struct Mark {
    at: String,
    text: String,
}

/// A minute in numbers.
pub(in crate::admin) struct Row {
    pub time: String,
    pub all: i64,
    pub client_errors: i64,
    pub server_errors: i64,
}

impl Chart {
    /// The chart of an hour, oldest minute first.
    pub fn new(hour: &[Minute]) -> Self {
        let most = hour.iter().map(|minute| minute.all).max().unwrap_or(0);
        let top = round_up(u64::from(most));
        let slot = (WIDTH - LEFT) / hour.len().max(1) as f64;
        let place = |n: usize| LEFT + n as f64 * slot;
        let mut bars = Vec::new();
        for (n, minute) in hour.iter().enumerate() {
            // A request that is noted meanwhile may be missing from the whole.
            let well = minute
                .all
                .saturating_sub(minute.client_errors)
                .saturating_sub(minute.server_errors);
            let parts = [
                ("bar bad", minute.server_errors),
                ("bar warn", minute.client_errors),
                ("bar", well),
            ];
            let mut below = 0.0;
            for (tone, count) in parts.into_iter().filter(|(_, count)| *count > 0) {
                // One error among a million is still to be seen.
                let height = (f64::from(count) * HEIGHT / top as f64).max(1.0);
                below += height;
                bars.push(Bar {
                    tone,
                    x: svg_number(place(n) + 1.0),
                    y: svg_number(TOP + HEIGHT - below),
                    width: svg_number(slot - 2.0),
                    height: svg_number(height),
                });
            }
        }
        let hours = hour.iter().enumerate().step_by(15);
        let hours = hours.map(|(n, minute)| Mark { at: svg_number(place(n)), text: clock(minute) });
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

/// A length without digits that nobody sees.
fn svg_number(length: f64) -> String {
    format!("{length:.1}")
}

/// The first of 10, 20, 50, 100, 200… that is not less.
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
        return "The API answered no request in the last hour.".to_owned();
    };
    let (client, server) = (sum(|m| m.client_errors), sum(|m| m.server_errors));
    let errors = match client + server {
        0 => "None of them ended with an error.".to_owned(),
        both => format!(
            "{} ({}) ended with an error: {} that the client has to correct, {} of the server.",
            display::number(both),
            percent(both, all),
            display::number(client),
            display::number(server),
        ),
    };
    format!(
        "The API answered {} in the last hour, {} a minute. {errors} The busiest minute was {} UTC \
         with {}.",
        display::count(all, "request"),
        tenths(all * 10 / hour.len().max(1) as i64),
        clock(busiest),
        display::number(i64::from(busiest.all)),
    )
}

fn percent(part: i64, whole: i64) -> String {
    match part * 1000 / whole.max(1) {
        0 => "less than 0.1 %".to_owned(),
        per_mille => format!("{} %", tenths(per_mille)),
    }
}

fn tenths(n: i64) -> String {
    format!("{}.{}", display::number(n / 10), n % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::values::time::Timestamp;

    /// An hour of which some minutes have requests, client's and server's errors.
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
        assert_eq!(chart.summary, "The API answered no request in the last hour.");
        let svg = chart.render().unwrap();
        assert!(svg.starts_with("<svg") && svg.contains(">11:01</text>"), "{svg}");
        assert!(!svg.contains("<rect") && !svg.contains("NaN"), "{svg}");
    }

    #[test]
    fn no_hour_at_all_is_an_empty_chart() {
        assert!(Chart::new(&[]).render().unwrap().starts_with("<svg"));
    }

    #[test]
    fn one_minute_has_a_bar_with_a_part_for_each_kind_of_answer() {
        let chart = hour(&[(59, 20, 5, 1)]);
        assert_eq!(
            chart.summary,
            "The API answered 20 requests in the last hour, 0.3 a minute. 6 (30.0 %) ended with an \
             error: 5 that the client has to correct, 1 of the server. The busiest minute was \
             12:00 UTC with 20."
        );
        let parts: Vec<_> = chart.bars.iter().map(|bar| (bar.tone, bar.height.as_str())).collect();
        assert_eq!(parts, [("bar bad", "7.0"), ("bar warn", "35.0"), ("bar", "98.0")]);
        assert_eq!(chart.bars[2].y, "12.0");
        assert_eq!(chart.rows.len(), 1);
        assert_eq!((chart.rows[0].time.as_str(), chart.rows[0].all), ("12:00", 20));
    }

    #[test]
    fn very_large_numbers_stay_within_the_picture() {
        let chart = hour(&[(0, u32::MAX, 0, 1), (1, 1, 0, 0)]);
        assert_eq!(chart.scale[2].text, "5,000,000,000");
        assert!(chart.summary.contains("1 (less than 0.1 %) ended"), "{}", chart.summary);
        for bar in &chart.bars {
            let (y, height): (f64, f64) = (bar.y.parse().unwrap(), bar.height.parse().unwrap());
            assert!(y >= TOP - 1.0 && height >= 1.0 && y + height <= TOP + HEIGHT + 1.0);
        }
        let all = [(u32::MAX); 60].iter().enumerate().map(|(n, all)| (n, *all, 0, 0));
        assert!(hour(&all.collect::<Vec<_>>()).summary.contains("257,698,037,700 requests"));
    }

    #[test]
    fn counts_that_overtake_each_other_do_no_harm() {
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
