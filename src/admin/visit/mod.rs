//! A request to the pages: `gate` checks it, and `visitor` is what its handler gets.

mod error_page;
mod gate;
pub(super) mod once;
pub(super) mod save;
mod visitor;

pub(super) use self::error_page::refuse;
pub(super) use self::gate::{Forms, dispatch};
pub(super) use self::visitor::{Visit, Visitor};
