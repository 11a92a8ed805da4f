//! The examples of what can be wrong with a request.

use std::collections::BTreeMap;

use crate::model::parse::problem::{Problem, Rule};

/// The first problem of each kind, in the order in which the kinds are declared.
pub(super) fn one_of_each(problems: impl Iterator<Item = Problem>) -> Vec<Problem> {
    let mut first: BTreeMap<Rule, Problem> = BTreeMap::new();
    for problem in problems {
        first.entry(problem.rule).or_insert(problem);
    }
    first.into_values().collect()
}
