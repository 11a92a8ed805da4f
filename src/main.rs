//! The `pivotal-server` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    pivotal_server::cli::main()
}
