//! Measures the server: `bench/run` runs it, `bench/README.md` tells what it measures and why.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench talks to whoever runs it")]

mod aims;
mod args;
mod database;
mod figures;
mod floor;
mod load;
mod machine;
mod process;
mod raw;
mod report;
mod rows;
mod seed;
mod session;

use std::process::ExitCode;

use clap::Parser;

use self::args::Args;
use self::report::Report;
use self::session::Session;

/// A bench has nobody to whom the kind of an error would matter.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let args = Args::parse();
    let outcome = match args.floor {
        Some(bytes) => floor::serve(bytes),
        None if args.bench => run(&args),
        None => {
            println!("nothing is measured without --bench; bench/run measures");
            Ok(())
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Outcome<()> {
    // What is missing is told before minutes are spent.
    load::find_wrk()?;
    Report::reserve(&args.json)?;
    let report = Session::prepare(args)?.measure()?;
    report.print();
    report.write(&args.json)?;
    println!("\nThe same figures are in {}.", args.json.display());
    match report.errors() {
        0 => Ok(()),
        errors => Err(format!("{errors} requests failed; the table tells under which load").into()),
    }
}
