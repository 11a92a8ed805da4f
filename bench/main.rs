//! Measures the server. Run it with `bench/run`. `bench/README.md` explains what it measures and
//! why.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints its results")]

mod args;
mod database;
mod loads;
mod raw;
mod report;
mod servers;
mod session;
mod test_kit;
mod webhooks;
mod work_dir;

use std::process::ExitCode;

use clap::Parser;

use self::args::Args;
use self::loads::wrk;
use self::report::Report;
use self::servers::floor;
use self::session::Session;

/// Errors are only printed, so their type doesn't matter.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let args = Args::parse();
    let outcome = match args.floor {
        Some(bytes) => floor::serve(bytes),
        None if args.bench => run(&args),
        None => {
            println!("Nothing is measured without --bench. Use bench/run to run the benchmark.");
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
    // Report what is missing before spending minutes on measurements.
    wrk::check_installed()?;
    Report::reserve(&args.json)?;
    let report = Session::prepare(args)?.measure()?;
    report.print();
    report.write(&args.json)?;
    println!("\nThe same figures are in {}.", args.json.display());
    match report.errors() {
        0 => Ok(()),
        errors => Err(format!("{errors} requests failed; see the table for which loads").into()),
    }
}
