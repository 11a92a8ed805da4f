//! Parts of pages that take some work to put together.

pub(super) mod chart;
pub(super) mod diff;
pub(super) mod facts;
pub(super) mod key_row;
pub(super) mod timeline;
