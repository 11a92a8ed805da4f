//! The path of a request to its handler: `dispatch` checks the request, and `visitor` has what the
//! handler gets.

mod dispatch;
mod error_page;
pub(super) mod save;
pub(super) mod submit_once;
mod visitor;

pub(super) use self::dispatch::{Forms, dispatch};
pub(super) use self::error_page::refuse;
pub(super) use self::visitor::{SignedInVisit, Visitor};
