//! Every Rust program of the documentation in one binary. Its argument says which one runs.

// Made by `runners/rust.py`: a module for each program, and the function that runs one.
include!(env!("PROGRAMS"));

fn main() -> std::process::ExitCode {
    run(&std::env::args().nth(1).expect("the name of a program"))
}
