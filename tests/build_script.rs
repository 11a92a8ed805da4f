//! Runs the tests that stand beside the code of the build script, which cargo does not run by itself.

#[allow(dead_code, reason = "the tests do not run the script itself")]
#[path = "../build/main.rs"]
mod build;
