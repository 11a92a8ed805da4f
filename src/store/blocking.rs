//! Whether reads wait for a network.

use super::Store;

impl Store {
    /// Returns whether reads use a local file. If not, they wait for a network, and must only be
    /// called on threads that may block.
    pub fn is_local(&self) -> bool {
        self.is_local
    }

    /// Makes reads panic on threads that must not block, like those of a database on another
    /// machine.
    #[cfg(test)]
    pub fn pretend_remote(self) -> Self {
        Self { is_local: false, ..self }
    }

    #[cfg(test)]
    pub(super) fn assert_may_read_here(&self) {
        if !self.is_local {
            // What a client does to wait for the network.
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {});
        }
    }
}
