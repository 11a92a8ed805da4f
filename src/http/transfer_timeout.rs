//! The timeout for clients that send or read too slowly. It applies to request bodies, which
//! `request_limits` reads, and to responses, which the server's connections write.

use std::time::Duration;

use actix_web::rt::time::Instant;

use crate::settings::Connections;

/// The timeout of a transfer. Only the time spent waiting for the client counts, so that a slow
/// server doesn't use up the client's time.
#[derive(Debug)]
pub(crate) struct TransferTimeout {
    grace: Duration,
    min_rate: u64,
    stall_timeout: Duration,
    bytes: u64,
    waited: Duration,
    waiting_since: Option<Instant>,
}

impl TransferTimeout {
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

    /// Starts over, for the next transfer.
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

    /// Returns whether the transfer is waiting for the client.
    pub fn is_waiting(&self) -> bool {
        self.waiting_since.is_some()
    }

    /// Marks the transfer as waiting for the client and returns the deadline. Calling this again
    /// doesn't extend the deadline; only progress does.
    pub fn wait_deadline(&mut self) -> Instant {
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

    /// Sends `bytes` after every `pause`. Returns the seconds until the timeout, if it happens
    /// within an hour.
    async fn seconds_until_timeout(bytes: usize, pause: Duration) -> Option<u64> {
        let mut timeout = TransferTimeout::new(&Settings::default().connections);
        let start = Instant::now();
        while start.elapsed() < 3600 * SECOND {
            let deadline = timeout.wait_deadline();
            if Instant::now() + pause >= deadline {
                return Some((deadline - start).as_secs());
            }
            sleep(pause).await;
            timeout.progress(bytes);
        }
        None
    }

    #[tokio::test(start_paused = true)]
    async fn after_the_grace_period_a_transfer_must_keep_the_minimum_rate() {
        assert_eq!(seconds_until_timeout(0, 11 * SECOND).await, Some(10));
        assert_eq!(seconds_until_timeout(1, SECOND).await, Some(10));
        assert_eq!(seconds_until_timeout(512, SECOND).await, Some(19));
        assert_eq!(seconds_until_timeout(1024, SECOND).await, None);
        assert_eq!(seconds_until_timeout(4096, 4 * SECOND).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn fast_transfers_cannot_pause_longer_than_the_stall_timeout() {
        let mut timeout = TransferTimeout::new(&Settings::default().connections);
        timeout.progress(100 << 20);
        assert_eq!(timeout.wait_deadline() - Instant::now(), 60 * SECOND);
        sleep(59 * SECOND).await;
        assert_eq!(timeout.wait_deadline() - Instant::now(), SECOND);
        timeout.progress(1);
        assert_eq!(timeout.wait_deadline() - Instant::now(), 60 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn time_not_spent_waiting_for_the_client_does_not_count() {
        let mut timeout = TransferTimeout::new(&Settings::default().connections);
        for _ in 0..100 {
            sleep(30 * SECOND).await;
            timeout.progress(1);
        }
        assert_eq!((timeout.wait_deadline() - Instant::now()).as_secs(), 10);
        timeout.restart();
        assert!(!timeout.is_waiting());
    }
}
