//! A request to the pages: `gate` checks it, and `visitor` is what its handler gets.

mod dispatch;
mod error_page;
pub(super) mod save;
pub(super) mod submit_once;
mod visitor;

pub(super) use self::dispatch::{Forms, dispatch};
pub(super) use self::error_page::refuse;
pub(super) use self::visitor::{Visit, Visitor};
