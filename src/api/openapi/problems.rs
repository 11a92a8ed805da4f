//! The examples of what can be wrong with a request.

use std::collections::BTreeMap;

use crate::model::parse::problem::{Problem, Rule};

/// One problem with each rule, in the order in which the rules are declared: the first, but of
/// missing properties the last, because a body that has the others is the likeliest mistake.
pub(super) fn one_of_each(problems: Vec<Problem>) -> Vec<Problem> {
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
