//! Measures in rounds, in which the builds take turns, so that a change of the machine's speed
//! affects them equally.

use crate::Outcome;
use crate::report::figures::Row;

/// Runs a step on each target in turn, in this many rounds, and returns the medians of each target.
pub fn take_turns<T>(
    rounds: u32,
    targets: &[T],
    mut step: impl FnMut(&T) -> Outcome<Vec<Row>>,
) -> Outcome<Vec<Row>> {
    let mut measured: Vec<Vec<Vec<Row>>> = targets.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for (target, of_target) in targets.iter().zip(&mut measured) {
            of_target.push(step(target)?);
        }
    }
    Ok(measured.into_iter().flat_map(medians).collect())
}

/// Combines the rows that have the same position in each round.
fn medians(rounds: Vec<Vec<Row>>) -> Vec<Row> {
    let mut by_position: Vec<Vec<Row>> = Vec::new();
    for round in rounds {
        by_position.resize_with(by_position.len().max(round.len()), Vec::new);
        for (row, rows) in round.into_iter().zip(&mut by_position) {
            rows.push(row);
        }
    }
    by_position.into_iter().filter_map(Row::median).collect()
}
