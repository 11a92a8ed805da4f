//! Test control: the routes under `/_test`, with which tests set the clock, inject faults, and
//! isolate themselves.

pub mod clock;
pub mod fault;
pub mod token;
pub mod workspace;
