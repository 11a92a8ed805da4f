//! Runs the tests that stand beside the code of the endpoint pages, which only the build script
//! uses otherwise.

#[allow(dead_code, reason = "the build script reads what the tests do not")]
#[path = "../build/reference/mod.rs"]
mod reference;
