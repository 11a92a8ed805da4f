//! How slowly a client may send or read. For bodies, which `incoming` reads, and for responses,
//! which the server's connections write.

use std::time::Duration;

use actix_web::rt::time::Instant;

use crate::settings::Connections;

/// The progress of one transfer. Only the time spent waiting for the client counts, so a response
/// that the server is slow to make is not held against its reader.
#[derive(Debug)]
pub(crate) struct Pace {
    grace: Duration,
    min_rate: u64,
    stall_timeout: Duration,
    bytes: u64,
    waited: Duration,
    waiting_since: Option<Instant>,
}

impl Pace {
    /// A transfer that has not begun.
    pub fn new(settings: &Connections) -> Self {
        Self {
            grace: settings.grace,
            min_rate: settings.min_rate,
            stall_timeout: settings.stall_timeout,
            bytes: 0,
            waited: Duration::ZERO,
            waiting_since: None,
        }
    }

    /// Forgets what was transferred, for the next transfer at the same pace.
    pub fn restart(&mut self) {
        (self.bytes, self.waited, self.waiting_since) = (0, Duration::ZERO, None);
    }

    /// Counts bytes that the client sent or accepted.
    pub fn progress(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        if let Some(since) = self.waiting_since.take() {
            self.waited += since.elapsed();
        }
    }

    /// Whether the client is being waited for.
    pub fn is_waiting(&self) -> bool {
        self.waiting_since.is_some()
    }

    /// Waits for the client, at most until the time that is returned. Waiting on does not extend
    /// it; only progress does.
    pub fn wait(&mut self) -> Instant {
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        let earned = Duration::from_millis(self.bytes.saturating_mul(1000) / self.min_rate);
        let left = self.grace.saturating_add(earned).saturating_sub(self.waited);
        since + left.min(self.stall_timeout)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::rt::time::sleep;

    use super::*;
    use crate::settings::Settings;

    const SECOND: Duration = Duration::from_secs(1);

    /// Bytes that arrive after every pause: how many seconds it takes until the client is too slow,
    /// if it ever is within an hour.
    async fn lasts(bytes: usize, pause: Duration) -> Option<u64> {
        let mut pace = Pace::new(&Settings::default().connections);
        let start = Instant::now();
        while start.elapsed() < 3600 * SECOND {
            let deadline = pace.wait();
            if Instant::now() + pause >= deadline {
                return Some((deadline - start).as_secs());
            }
            sleep(pause).await;
            pace.progress(bytes);
        }
        None
    }

    #[tokio::test(start_paused = true)]
    async fn a_transfer_has_its_grace_and_then_has_to_keep_the_rate() {
        assert_eq!(lasts(0, 11 * SECOND).await, Some(10));
        assert_eq!(lasts(1, SECOND).await, Some(10));
        assert_eq!(lasts(512, SECOND).await, Some(19));
        assert_eq!(lasts(1024, SECOND).await, None);
        assert_eq!(lasts(4096, 4 * SECOND).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_in_advance_do_not_buy_a_pause_beyond_the_stall_timeout() {
        let mut pace = Pace::new(&Settings::default().connections);
        pace.progress(100 << 20);
        assert_eq!(pace.wait() - Instant::now(), 60 * SECOND);
        sleep(59 * SECOND).await;
        assert_eq!(pace.wait() - Instant::now(), SECOND);
        pace.progress(1);
        assert_eq!(pace.wait() - Instant::now(), 60 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn time_in_which_nothing_is_awaited_from_the_client_does_not_count() {
        let mut pace = Pace::new(&Settings::default().connections);
        for _ in 0..100 {
            sleep(30 * SECOND).await;
            pace.progress(1);
        }
        assert_eq!((pace.wait() - Instant::now()).as_secs(), 10);
        pace.restart();
        assert!(!pace.is_waiting());
    }
}
