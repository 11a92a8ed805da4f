//! A row of the list of API keys: the key, its replacement after a rotation, and when it was last
//! used.

use std::collections::HashMap;

use crate::admin::display;
use crate::model::key::form::{KeyFilter, KeyState};
use crate::model::key::rotation::{self, Retirement};
use crate::model::key::{Key, KeyId, Scope, Scopes};
use crate::model::values::time::Timestamp;
use crate::model::workspace::Workspace;

/// A key with the data of other keys that its row shows.
pub(in crate::admin) struct KeyRow {
    pub key: Key,
    /// The name of its workspace.
    pub workspace: String,
    /// The newest active replacement key.
    pub replacement: Option<Replacement>,
    /// The prefix of the key that this one replaces.
    pub replaces: Option<String>,
    now: Timestamp,
}

pub(in crate::admin) struct Replacement {
    pub prefix: String,
    /// Whether the replaced key can be revoked.
    pub retirement: Retirement,
}

/// Returns the rows in the order of the keys, which is newest first.
pub(in crate::admin) fn rows(
    keys: Vec<Key>,
    workspaces: &[Workspace],
    now: Timestamp,
) -> Vec<KeyRow> {
    let prefix = |key: &Key| key.prefix.to_string();
    let prefixes: HashMap<KeyId, String> =
        keys.iter().map(|key| (key.id.clone(), prefix(key))).collect();
    let replacement_keys = rotation::replacements(&keys, now);
    let replacement = |key: &Key| {
        let new_key = replacement_keys.get(&key.id)?;
        let retirement = Retirement::assess(key, new_key, now);
        Some((key.id.clone(), Replacement { prefix: prefix(new_key), retirement }))
    };
    let mut replacements: HashMap<KeyId, Replacement> =
        keys.iter().filter_map(replacement).collect();
    let mut row = |key: Key| {
        let workspace = workspaces.iter().find(|workspace| workspace.slug == key.workspace);
        KeyRow {
            workspace: workspace
                .map_or_else(|| key.workspace.to_string(), |workspace| workspace.name.to_string()),
            replacement: replacements.remove(&key.id),
            replaces: key.replaces.as_ref().and_then(|old| prefixes.get(old)).cloned(),
            key,
            now,
        }
    };
    keys.into_iter().map(&mut row).collect()
}

impl KeyRow {
    pub fn is_active(&self) -> bool {
        self.key.is_active(self.now)
    }

    /// Whether it is no longer accepted because it is too old, and not because it was revoked.
    pub fn is_expired(&self) -> bool {
        self.key.revoked_at.is_none() && self.key.is_expired(self.now)
    }

    /// Whether it is active and has a replacement.
    pub fn is_replaced(&self) -> bool {
        self.is_active() && self.replacement.is_some()
    }

    /// Whether it matches a filter.
    pub fn matches(&self, filter: &KeyFilter) -> bool {
        let matches_workspace =
            filter.workspace.as_ref().is_none_or(|workspace| *workspace == self.key.workspace);
        let matches_state = match filter.state {
            None => true,
            Some(KeyState::Active) => self.is_active(),
            Some(KeyState::Replaced) => self.is_replaced(),
            Some(KeyState::Expired) => self.is_expired(),
            Some(KeyState::Revoked) => self.key.revoked_at.is_some(),
        };
        matches_workspace && matches_state
    }

    /// Returns whether it can be revoked, if it is active and has a replacement.
    pub fn retirement(&self) -> Option<Retirement> {
        let replacement = self.replacement.as_ref().filter(|_| self.is_active())?;
        Some(replacement.retirement)
    }

    /// Formats when and from where it was last used: `2 minutes ago from 10.0.0.7`.
    pub fn last_used(&self) -> Option<String> {
        let ago = display::relative(&self.key.last_used_at?, &self.now);
        Some(match &self.key.last_used_ip {
            Some(address) => format!("{ago} from {address}"),
            None => ago,
        })
    }

    pub fn scopes(&self) -> String {
        scope_labels(&self.key.scopes)
    }
}

/// Formats scopes: `All scopes`, or a list such as `Read customers, Write contacts`.
pub(in crate::admin) fn scope_labels(scopes: &Scopes) -> String {
    if *scopes == Scopes::all() {
        return "All scopes".to_owned();
    }
    let chosen = scopes_of(scopes).map(scope_label);
    chosen.collect::<Vec<_>>().join(", ")
}

fn scopes_of(scopes: &Scopes) -> impl Iterator<Item = Scope> {
    use strum::VariantArray;
    Scope::VARIANTS.iter().copied().filter(|&scope| scopes.allow(scope))
}

/// Returns all scopes with their labels, for a group of checkboxes.
pub(in crate::admin) fn scope_options() -> Vec<(&'static str, String)> {
    scopes_of(&Scopes::all()).map(|scope| (scope.into(), scope_label(scope))).collect()
}

/// Formats `read:customers` as `Read customers`.
fn scope_label(scope: Scope) -> String {
    let name: &str = scope.into();
    let (verb, noun) = name.split_once(':').unwrap_or((name, ""));
    let verb = if verb == "read" { "Read" } else { "Write" };
    format!("{verb} {noun}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::key::rotation::Verdict;
    use crate::model::key::secret::Prefix;
    use crate::model::key::{Mode, Tier};
    use crate::model::values::slug::Slug;
    use crate::model::values::text::Name;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn key(created: i64, used: Option<i64>, replaces: Option<&Key>) -> Key {
        Key {
            id: KeyId::generate(),
            prefix: Prefix::new(Mode::Live, &format!("{created:08}")),
            name: Name::parse("Sync").unwrap(),
            mode: Mode::Live,
            workspace: Slug::parse("acme").unwrap(),
            tier: Tier::Standard,
            scopes: Scopes::all(),
            created_at: at(created),
            expires_at: None,
            last_used_at: used.map(at),
            last_used_ip: used.map(|_| "10.0.0.7".to_owned()),
            request_count: 1,
            revoked_at: None,
            replaces: replaces.map(|old| old.id.clone()),
        }
    }

    #[test]
    fn an_old_key_is_judged_by_its_newest_active_replacement() {
        let old = key(1, Some(50), None);
        let replacement = key(100, Some(300), Some(&old));
        let mut newest = key(200, None, Some(&old));
        let verdict = |keys: Vec<Key>| rows(keys, &[], at(320)).pop().unwrap().retirement();
        let later = vec![newest.clone(), replacement.clone(), old.clone()];
        assert_eq!(verdict(later).unwrap().verdict, Verdict::ReplacementUnused);
        newest.revoked_at = Some(at(201));
        let verdict = verdict(vec![newest, replacement, old]).unwrap().verdict;
        assert!(matches!(verdict, Verdict::TooEarly(_)), "{verdict:?}");
    }

    #[test]
    fn a_revoked_replacement_does_not_count() {
        let old = key(1, Some(2), None);
        let mut replacement = key(100, None, Some(&old));
        replacement.revoked_at = Some(at(101));
        let rows = rows(vec![replacement, old], &[], at(200));
        assert!(!rows[1].is_replaced() && rows[1].retirement().is_none());
        assert_eq!(rows[0].replaces.as_deref(), Some("pivotal_00000001"));
        let matching = |state| {
            let filter = KeyFilter { state: Some(state), workspace: None };
            rows.iter().map(|row| row.matches(&filter)).collect::<Vec<_>>()
        };
        assert_eq!(matching(KeyState::Revoked), [true, false]);
        assert_eq!(matching(KeyState::Active), [false, true]);
        assert_eq!(matching(KeyState::Replaced), [false, false]);
    }

    #[test]
    fn an_expired_key_is_not_active_and_does_not_count_as_a_replacement() {
        let old = key(1, Some(2), None);
        let mut replacement = key(100, None, Some(&old));
        replacement.expires_at = Some(at(200));
        let rows_at = |now| rows(vec![replacement.clone(), old.clone()], &[], at(now));
        let before = rows_at(199);
        assert!(before[0].is_active() && !before[0].is_expired() && before[1].is_replaced());
        let after = rows_at(200);
        assert!(!after[0].is_active() && after[0].is_expired() && !after[1].is_replaced());
        let filter = KeyFilter { state: Some(KeyState::Expired), workspace: None };
        let matching: Vec<bool> = after.iter().map(|row| row.matches(&filter)).collect();
        assert_eq!(matching, [true, false]);
    }

    #[test]
    fn scopes_have_labels() {
        assert_eq!(scope_labels(&Scopes::all()), "All scopes");
        let some = Scopes::new_or_all(&[Scope::ReadCustomers, Scope::WriteContacts]);
        assert_eq!(scope_labels(&some), "Read customers, Write contacts");
        assert_eq!(scope_options()[0], ("read:customers", "Read customers".to_owned()));
    }
}
