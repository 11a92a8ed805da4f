//! The arguments of `openapi`, `seed-schema`, `completions`, and `man`.

use std::path::PathBuf;

use clap_complete::Shell;

use crate::cli::value_parsers::parse_base_url;
use crate::http::origin::ORIGIN_PLACEHOLDER;

#[derive(clap::Args)]
pub struct Openapi {
    /// URL at which clients reach the server
    #[arg(long, value_name = "URL", default_value = ORIGIN_PLACEHOLDER, value_parser = parse_base_url)]
    pub url: String,
}

#[derive(clap::Args)]
pub struct SeedSchema {
    /// URL at which clients reach the server
    #[arg(long, value_name = "URL", default_value = ORIGIN_PLACEHOLDER, value_parser = parse_base_url)]
    pub url: String,
}

#[derive(clap::Args)]
pub struct Completions {
    /// Shell: bash, elvish, fish, powershell, or zsh
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

#[derive(clap::Args)]
pub struct ManPages {
    /// Directory to write the pages to [default: print one page]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}
