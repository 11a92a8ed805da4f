//! `purges list`

use super::args::Purges;
use crate::cli::context::Context;
use crate::cli::output::failure::Failure;
use crate::cli::output::table;

pub fn purges(context: &Context, command: Purges) -> Result<(), Failure> {
    let Purges::List = command;
    let purges = context.store_to_read()?.read(|reader| reader.purges())?;
    context.output.print(&purges, || {
        let rows: Vec<_> = purges
            .iter()
            .map(|purge| {
                let erased =
                    purge.erased_at.map_or_else(|| "not yet".to_owned(), |at| at.to_string());
                [
                    purge.resource.clone(),
                    purge.id.clone(),
                    purge.workspace.clone().unwrap_or_default(),
                    purge.purged_at.to_string(),
                    purge.actor_id.clone(),
                    erased,
                ]
            })
            .collect();
        table(["RESOURCE", "ID", "WORKSPACE", "PURGED", "BY", "ERASED"], &rows)
    })
}
