//! View models: the parts of pages that take more than a template.

pub(super) mod chart;
pub(super) mod diff;
pub(super) mod facts;
pub(super) mod first_steps;
pub(super) mod key_row;
pub(super) mod pager;
pub(super) mod timeline;
pub(super) mod webhook;
