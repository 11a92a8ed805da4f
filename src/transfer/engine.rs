//! Imports a source: checks all of its rows, then writes them in batches.

use std::collections::HashMap;
use std::time::Duration;

use super::observer::{Observer, Rejected, Step};
use super::source::{Item, Items, Source, SourceError};
use crate::model::caller::Caller;
use crate::model::customer::CustomerId;
use crate::model::transfer::{
    Entry, FaultyRows, ImportFault, ImportOptions, Kind, Lasts, Outcome, Place, Summary,
};
use crate::model::workspace::Workspace;
use crate::store::transfer::{Checker, Importer, Planned, is_future};
use crate::store::{Recording, Store, StoreError, WorkspaceTx, WriteScope};

/// The number of rows in a transaction.
const BATCH: usize = 1000;
/// The same on another machine. A row takes about ten round trips, and other changes of the
/// workspace fail if they have to wait for five seconds.
const REMOTE_BATCH: usize = 100;
/// The number of rows after which the planner's statistics are of use.
const STATISTICS_AFTER: usize = 1000;
/// The pause after a transaction. Another process that waits for the lock of the database tries
/// again at short intervals, and would rarely find it free between two batches.
const PAUSE: Duration = Duration::from_millis(25);

/// Why an import ended early.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Rows are faulty, and nothing was imported. The observer got them.
    #[error("{rejected} rows are faulty, so nothing was imported")]
    Faulty { rejected: u64 },
    /// A row could not be imported although it was checked, because the workspace was changed in
    /// between. What came before it was imported.
    #[error("{fault}")]
    Conflict { fault: ImportFault, summary: Box<Summary> },
    /// The observer stopped the import. What is counted was imported.
    #[error("the import was stopped")]
    Stopped { summary: Box<Summary> },
}

/// Imports a source into a workspace, on the calling thread. Can be run again after it was broken
/// off: rows that are already there are left as they are.
///
/// # Errors
/// See [`ImportError`].
pub fn import(
    store: &Store,
    workspace: &Workspace,
    source: &mut dyn Source,
    options: &ImportOptions,
    observer: &mut dyn Observer,
) -> Result<Summary, ImportError> {
    let about = source.about();
    let batch = if store.is_local() { BATCH } else { REMOTE_BATCH };
    let mut run = Run { store, workspace, options, observer, batch, size: about.size };
    run.refuse_future(&about.lasts)?;
    let plan = run.check(source.items()?)?;
    let rejected = plan.summary.rejected();
    if rejected > 0 && options.faulty_rows == FaultyRows::Refuse {
        return Err(ImportError::Faulty { rejected });
    }
    if options.dry_run {
        return Ok(plan.summary);
    }
    let recording = match (about.has_events, options.deliver) {
        (true, _) => Recording::Nothing,
        (false, true) => Recording::EventsAndDeliveries,
        (false, false) => Recording::Events,
    };
    run.raise_sequences([about.lasts, *plan.checker.lasts()])?;
    run.write(source.items()?, plan, recording)
}

struct Run<'r> {
    store: &'r Store,
    workspace: &'r Workspace,
    options: &'r ImportOptions,
    observer: &'r mut dyn Observer,
    /// The number of rows in a transaction.
    batch: usize,
    size: u64,
}

/// What the check decided.
struct Plan {
    /// One for each row. The only thing that grows with the source, by one byte for each row.
    outcomes: Vec<Outcome>,
    /// The customers that are already there and can't be found by the row alone, by the number of
    /// the row.
    customers: HashMap<usize, CustomerId>,
    checker: Checker,
    summary: Summary,
}

/// A row of a batch, without its entry.
struct Label {
    kind: Option<Kind>,
    text: Option<String>,
}

impl Run<'_> {
    fn refuse_future(&self, lasts: &Lasts) -> Result<(), ImportError> {
        if is_future(lasts, self.store.clock().now()) {
            let message = "the times in the header are in the future; check the clock of the server \
                           that the data comes from, and of this one";
            return Err(SourceError::Malformed(message.to_owned()).into());
        }
        Ok(())
    }

    fn check(&mut self, items: Items<'_>) -> Result<Plan, ImportError> {
        let mut checker = Checker::new(self.options.on_conflict, self.store.clock().now())?;
        let (mut outcomes, mut customers) = (Vec::new(), HashMap::new());
        let mut summary = Summary::default();
        for_each_batch(items, self.batch, |batch, position| {
            if self.observer.should_stop() {
                return Err(ImportError::Stopped { summary: Box::default() });
            }
            let checked = self.store.read(|reader| {
                let reader = reader.for_workspace(self.workspace.no);
                let mut checked = Vec::with_capacity(batch.len());
                for Item { place, text, entry, .. } in batch {
                    let kind = entry.as_ref().ok().map(Entry::kind);
                    let (outcome, faults, customer) = match entry {
                        Ok(entry) => {
                            let found = reader.check_row(&mut checker, &place, entry)?;
                            (found.outcome, found.faults, found.customer)
                        }
                        Err(faults) => {
                            checker.forget_customer();
                            (Outcome::Rejected, faults, None)
                        }
                    };
                    checked.push((kind, outcome, customer, Rejected { place, text, faults }));
                }
                Ok(checked)
            })?;
            for (kind, outcome, customer, rejected) in checked {
                summary.add(kind, outcome);
                if outcome == Outcome::Rejected {
                    self.observer.on_rejected(&rejected);
                }
                if let Some(customer) = customer {
                    customers.insert(outcomes.len(), customer);
                }
                outcomes.push(outcome);
            }
            self.observer.on_progress(Step::Checking, position, self.size);
            Ok(())
        })?;
        Ok(Plan { outcomes, customers, checker, summary })
    }

    fn caller(&self) -> Caller {
        let (workspace, actor) = (self.workspace.clone(), self.options.actor.clone());
        Caller { workspace, actor, livemode: true }
    }

    fn scope(&self) -> WriteScope {
        WriteScope::Workspace(self.workspace.no)
    }

    fn raise_sequences(&self, all: [Lasts; 2]) -> Result<(), StoreError> {
        let caller = self.caller();
        self.store.write_blocking(self.scope(), move |tx| {
            let tx = tx.for_import(&caller, Recording::Nothing);
            all.iter().try_for_each(|lasts| tx.raise_sequences(lasts))
        })
    }

    fn write(
        &mut self,
        items: Items<'_>,
        plan: Plan,
        recording: Recording,
    ) -> Result<Summary, ImportError> {
        let Plan { outcomes, mut customers, checker, .. } = plan;
        let mut importer = Importer::new(checker);
        let (mut summary, mut number) = (Summary::default(), 0);
        let leaves_out = self.options.faulty_rows == FaultyRows::LeaveOut;
        let mut has_statistics = false;
        for_each_batch(items, self.batch, |batch, position| {
            if self.observer.should_stop() {
                return Err(ImportError::Stopped { summary: Box::new(summary) });
            }
            let (mut labels, mut rows) = (Vec::new(), Vec::new());
            for Item { place, text, entry, .. } in batch {
                let Some(&outcome) = outcomes.get(number) else { return Err(changed()) };
                let customer = customers.remove(&number);
                number += 1;
                let kind = entry.as_ref().ok().map(Entry::kind);
                match entry {
                    Ok(entry) => {
                        labels.push(Label { kind, text });
                        rows.push(Planned { place, entry, outcome, customer });
                    }
                    Err(_) if outcome == Outcome::Rejected => summary.add(None, outcome),
                    Err(_) => return Err(changed()),
                }
            }
            let state = std::mem::take(&mut importer);
            let caller = self.caller();
            let refresh = !has_statistics && number >= STATISTICS_AFTER;
            has_statistics |= refresh;
            let (state, done) = self.store.write_blocking(self.scope(), move |tx| {
                let written =
                    write_batch(&tx.for_import(&caller, recording), state, rows, leaves_out)?;
                if refresh {
                    tx.refresh_statistics()?;
                }
                Ok(written)
            })?;
            importer = state;
            for (label, outcome) in labels.into_iter().zip(done) {
                match outcome {
                    Ok(outcome) => summary.add(label.kind, outcome),
                    Err((place, faults)) => {
                        if !leaves_out {
                            let fault = faults.into_iter().next();
                            let fault =
                                fault.unwrap_or_else(|| ImportFault::new(&place, "is faulty"));
                            let summary = Box::new(summary);
                            return Err(ImportError::Conflict { fault, summary });
                        }
                        summary.add(label.kind, Outcome::Rejected);
                        self.observer.on_rejected(&Rejected { place, text: label.text, faults });
                    }
                }
            }
            self.observer.on_progress(Step::Importing, position, self.size);
            if position != self.size {
                std::thread::sleep(PAUSE);
            }
            Ok(())
        })?;
        if number != outcomes.len() {
            return Err(changed());
        }
        Ok(summary)
    }
}

/// What became of a row, or where and why it is faulty.
type Done = Result<Outcome, (Place, Vec<ImportFault>)>;

/// Writes a batch. Unless faulty rows are left out, stops at the first one, keeping those before.
fn write_batch(
    tx: &WorkspaceTx<'_>,
    mut importer: Importer,
    rows: Vec<Planned>,
    leaves_out: bool,
) -> Result<(Importer, Vec<Done>), StoreError> {
    let mut done = Vec::with_capacity(rows.len());
    for planned in rows {
        let place = planned.place.clone();
        let imported = tx.import_row(&mut importer, planned)?;
        let is_faulty = imported.is_err();
        done.push(imported.map_err(|faults| (place, faults)));
        if is_faulty && !leaves_out {
            break;
        }
    }
    Ok((importer, done))
}

fn changed() -> ImportError {
    let message = "the source changed while it was imported; import it again".to_owned();
    SourceError::Malformed(message).into()
}

/// Calls `work` with batches of items and the position after each.
fn for_each_batch(
    items: Items<'_>,
    size: usize,
    mut work: impl FnMut(Vec<Item>, u64) -> Result<(), ImportError>,
) -> Result<(), ImportError> {
    let (mut batch, mut position) = (Vec::new(), 0);
    for item in items {
        let item = item?;
        position = item.position;
        batch.push(item);
        if batch.len() == size {
            work(std::mem::take(&mut batch), position)?;
        }
    }
    if batch.is_empty() { Ok(()) } else { work(batch, position) }
}
