//! The words that people read for values of the model. Values are taken by reference, which is how
//! templates pass most of them on.

mod format;
mod names;

pub(super) use self::format::{capitalised, count, date, date_time, number, plain, relative};
pub(super) use self::names::{
    actor, event, mode, options, phase, resource, state, state_tone, status, status_tone, tier,
};
