//! The words that people read for values of the model. Values are taken by reference, which is how
//! templates pass most of them on.

mod format;
mod labels;

pub(super) use self::format::{
    capitalize, count, date, date_time, number, relative, without_bidi_controls,
};
pub(super) use self::labels::{
    actor, event, mode, options, phase, resource, state, state_tone, status, status_tone, tier,
};
