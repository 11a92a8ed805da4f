//! `completions`

use serde::Serialize;

use super::super::output::Output;
use super::super::output::failure::Failure;
use super::args::Completions;

#[derive(Serialize)]
struct CompletionsJson<'a> {
    shell: String,
    script: &'a str,
}

pub fn run(output: Output, args: &Completions, mut command: clap::Command) -> Result<(), Failure> {
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, &name, &mut script);
    let script = String::from_utf8_lossy(&script);
    // In bash, the labels of commands don't match if the program's name has a hyphen (clap #6421).
    let script = script.replace(&name.replace('-', "__subcmd__"), &name.replace('-', "__"));
    let script = script.trim_end();
    output.print(&CompletionsJson { shell: args.shell.to_string(), script }, || script.to_owned())
}
