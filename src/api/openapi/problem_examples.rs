//! Chooses examples of validation errors.

use std::collections::BTreeMap;

use crate::model::parse::problem::{Problem, Rule};

/// Picks one problem per rule, in the order of the rules. It takes the first one, except for
/// missing fields, where it takes the last: a body that has all the other required fields is the
/// likeliest mistake.
pub(super) fn one_per_rule(problems: Vec<Problem>) -> Vec<Problem> {
    let mut chosen: BTreeMap<Rule, Problem> = BTreeMap::new();
    for problem in problems {
        if problem.rule == Rule::MissingField {
            chosen.insert(problem.rule, problem);
        } else {
            chosen.entry(problem.rule).or_insert(problem);
        }
    }
    chosen.into_values().collect()
}
