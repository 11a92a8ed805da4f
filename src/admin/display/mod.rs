//! Labels and formatting for values of the model. Functions take references because Askama passes
//! most values by reference.

mod format;
mod labels;
mod money;

pub(super) use self::format::{
    capitalize, count, date, date_time, number, relative, time_of_day, without_bidi_controls,
};
pub(super) use self::labels::{
    actor, event, mode, options, phase, resource, state, state_tone, status, status_tone, tier,
};
pub(super) use self::money::{money, plain_amount, symbol};
