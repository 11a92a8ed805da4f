//! Checks that the delivery log keeps deliveries for as long as they are attempted.

use std::time::Duration;

use super::values::Webhooks;

#[derive(Debug, thiserror::Error)]
#[error(
    "`webhooks.retention` is {}, but must be at least as long as all delays of \
     `webhooks.schedule` together, which is {}",
    humantime::format_duration(*.retention),
    humantime::format_duration(*.schedule)
)]
pub struct ShortRetention {
    retention: Duration,
    schedule: Duration,
}

pub(super) fn check_retention(webhooks: &Webhooks) -> Result<(), ShortRetention> {
    let (retention, schedule) = (webhooks.retention, webhooks.schedule.delays().iter().sum());
    if retention < schedule { Err(ShortRetention { retention, schedule }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::webhook::schedule::RetrySchedule;
    use crate::settings::Settings;

    #[test]
    fn the_retention_is_at_least_as_long_as_the_schedule() {
        let seconds = |seconds: &[u64]| {
            RetrySchedule::new(seconds.iter().copied().map(Duration::from_secs).collect()).unwrap()
        };
        let mut webhooks = Settings::default().webhooks;
        assert!(check_retention(&webhooks).is_ok());
        webhooks.schedule = seconds(&[10, 60, 120]);
        webhooks.retention = Duration::from_secs(190);
        assert!(check_retention(&webhooks).is_ok());
        webhooks.retention = Duration::from_secs(189);
        let message = "`webhooks.retention` is 3m 9s, but must be at least as long as all delays of \
                       `webhooks.schedule` together, which is 3m 10s";
        assert_eq!(check_retention(&webhooks).unwrap_err().to_string(), message);
    }
}
