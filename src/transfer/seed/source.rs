//! The rows of a seed as the source of an import.

use crate::model::seed::Seed;
use crate::model::transfer::ImportFault;
use crate::transfer::source::{About, Item, Items, Source, SourceError};

pub(super) struct SeedSource<'s> {
    pub seed: &'s Seed,
    /// What is wrong with the rest of the seed. Returned like faulty rows, so that nothing is
    /// imported.
    pub faults: &'s [ImportFault],
}

impl Source for SeedSource<'_> {
    fn about(&self) -> About {
        let size = self.faults.len() + self.seed.rows().len();
        About { size: size as u64, ..About::default() }
    }

    fn items(&mut self) -> Result<Items<'_>, SourceError> {
        let faults = self.faults.iter();
        let faults = faults.map(|fault| (fault.place.clone(), Err(vec![fault.clone()])));
        let rows = self.seed.rows().map(|row| (row.place, row.entry));
        let items = faults.chain(rows).zip(1..);
        Ok(Box::new(
            items.map(|((place, entry), position)| Ok(Item { place, position, text: None, entry })),
        ))
    }
}
