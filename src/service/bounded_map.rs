//! Maps of limited size, in which any entry may be missing.

use std::collections::HashMap;
use std::hash::Hash;

/// Removes an arbitrary entry if there is no room for another one.
pub(crate) fn make_room<K: Eq + Hash + Clone, V>(map: &mut HashMap<K, V>, max: usize) {
    if map.len() >= max
        && let Some(any) = map.keys().next().cloned()
    {
        map.remove(&any);
    }
}
