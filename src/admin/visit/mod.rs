//! The way of a request to its handler and back.

pub(super) mod once;
mod visitor;

pub(super) use self::visitor::{Forms, Visit, Visitor, dispatch, refuse};
