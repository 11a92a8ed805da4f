//! The arguments of `move`.

#[derive(clap::Args)]
pub struct Move {
    /// Database to move [default: the one in your settings]
    #[arg(long, value_name = "URL")]
    pub from: Option<String>,
    /// New database [default: the one in your settings]
    #[arg(long, value_name = "URL")]
    pub to: Option<String>,
}
