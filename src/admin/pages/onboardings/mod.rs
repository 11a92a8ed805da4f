//! `/onboardings/…`: the board, and the page and the forms of an onboarding.

pub(in crate::admin) mod board;
pub(in crate::admin) mod delete;
pub(in crate::admin) mod form;
pub(in crate::admin) mod show;
