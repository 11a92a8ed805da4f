//! A key as the pages show it: how it stands beside the twin that takes its place, and when it was
//! used. For the page of the keys.

use std::collections::HashMap;

use crate::admin::display;
use crate::model::key::form::{KeyFilter, KeyState};
use crate::model::key::rotation::{self, Retirement};
use crate::model::key::{Key, KeyId, Scope, Scopes};
use crate::model::values::time::Timestamp;
use crate::model::workspace::Workspace;

/// A key with what has to be known of others to show it.
pub(in crate::admin) struct KeyRow {
    pub key: Key,
    /// The name of its workspace.
    pub workspace: String,
    /// The newest twin that takes its place and is not revoked.
    pub replacement: Option<Replacement>,
    /// The prefix of the key that it takes the place of.
    pub replaces: Option<String>,
    now: Timestamp,
}

/// What there is to know of a twin.
pub(in crate::admin) struct Replacement {
    pub prefix: String,
    /// Whether the key that it takes the place of can be revoked.
    pub retirement: Retirement,
}

/// Rows in the order of the keys, which is newest first.
pub(in crate::admin) fn rows(
    keys: Vec<Key>,
    workspaces: &[Workspace],
    now: Timestamp,
) -> Vec<KeyRow> {
    let prefix = |key: &Key| key.prefix.to_string();
    let prefixes: HashMap<KeyId, String> =
        keys.iter().map(|key| (key.id.clone(), prefix(key))).collect();
    let found = rotation::twins(&keys);
    let of = |key: &Key| {
        let twin = found.get(&key.id)?;
        let retirement = Retirement::judge(key, twin, now);
        Some((key.id.clone(), Replacement { prefix: prefix(twin), retirement }))
    };
    let mut replacements: HashMap<KeyId, Replacement> = keys.iter().filter_map(of).collect();
    let mut row = |key: Key| {
        let own = workspaces.iter().find(|workspace| workspace.slug == key.workspace);
        KeyRow {
            workspace: own.map_or_else(|| key.workspace.to_string(), |own| own.name.to_string()),
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
        self.key.revoked_at.is_none()
    }

    /// Whether a twin takes its place while it can still be used.
    pub fn is_replaced(&self) -> bool {
        self.is_active() && self.replacement.is_some()
    }

    /// Whether a filter lets it pass.
    pub fn matches(&self, filter: &KeyFilter) -> bool {
        let of_workspace =
            filter.workspace.as_ref().is_none_or(|workspace| *workspace == self.key.workspace);
        let in_state = match filter.state {
            None => true,
            Some(KeyState::Active) => self.is_active(),
            Some(KeyState::Replaced) => self.is_replaced(),
            Some(KeyState::Revoked) => !self.is_active(),
        };
        of_workspace && in_state
    }

    /// Whether it can be revoked, while it is active and a twin takes its place.
    pub fn retirement(&self) -> Option<Retirement> {
        let twin = self.replacement.as_ref().filter(|_| self.is_active())?;
        Some(twin.retirement)
    }

    /// When and from where it was last used: `2 minutes ago from 10.0.0.7`.
    pub fn last_used(&self) -> Option<String> {
        let ago = display::relative(&self.key.last_used_at?, &self.now);
        Some(match &self.key.last_used_ip {
            Some(address) => format!("{ago} from {address}"),
            None => ago,
        })
    }

    /// What it may do.
    pub fn scopes(&self) -> String {
        scope_labels(&self.key.scopes)
    }
}

/// Scopes for people.
pub(in crate::admin) fn scope_labels(scopes: &Scopes) -> String {
    if *scopes == Scopes::all() {
        return "Everything".to_owned();
    }
    let chosen = scopes_of(scopes).map(scope_label);
    chosen.collect::<Vec<_>>().join(", ")
}

fn scopes_of(scopes: &Scopes) -> impl Iterator<Item = Scope> {
    use strum::VariantArray;
    Scope::VARIANTS.iter().copied().filter(|&scope| scopes.allow(scope))
}

/// The scopes to choose from.
pub(in crate::admin) fn scope_options() -> Vec<(&'static str, String)> {
    scopes_of(&Scopes::all()).map(|scope| (scope.into(), scope_label(scope))).collect()
}

/// `read:customers` as `Read customers`.
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

    fn key(made: i64, used: Option<i64>, replaces: Option<&Key>) -> Key {
        Key {
            id: KeyId::generate(),
            prefix: Prefix::new(Mode::Live, &format!("{made:08}")),
            name: Name::parse("Sync").unwrap(),
            mode: Mode::Live,
            workspace: Slug::parse("acme").unwrap(),
            tier: Tier::Standard,
            scopes: Scopes::all(),
            created_at: at(made),
            last_used_at: used.map(at),
            last_used_ip: used.map(|_| "10.0.0.7".to_owned()),
            request_count: 1,
            revoked_at: None,
            replaces: replaces.map(|old| old.id.clone()),
        }
    }

    #[test]
    fn an_old_key_is_judged_by_its_newest_active_twin() {
        let old = key(1, Some(50), None);
        let twin = key(100, Some(300), Some(&old));
        let mut newest = key(200, None, Some(&old));
        let verdict = |keys: Vec<Key>| rows(keys, &[], at(320)).pop().unwrap().retirement();
        let later = vec![newest.clone(), twin.clone(), old.clone()];
        assert_eq!(verdict(later).unwrap().verdict, Verdict::TwinUnused);
        newest.revoked_at = Some(at(201));
        let verdict = verdict(vec![newest, twin, old]).unwrap().verdict;
        assert!(matches!(verdict, Verdict::TooEarly(_)), "{verdict:?}");
    }

    #[test]
    fn a_revoked_twin_takes_no_place() {
        let old = key(1, Some(2), None);
        let mut twin = key(100, None, Some(&old));
        twin.revoked_at = Some(at(101));
        let rows = rows(vec![twin, old], &[], at(200));
        assert!(!rows[1].is_replaced() && rows[1].retirement().is_none());
        assert_eq!(rows[0].replaces.as_deref(), Some("pivotal_00000001"));
        let shown = |state| {
            let filter = KeyFilter { state: Some(state), workspace: None };
            rows.iter().map(|row| row.matches(&filter)).collect::<Vec<_>>()
        };
        assert_eq!(shown(KeyState::Revoked), [true, false]);
        assert_eq!(shown(KeyState::Active), [false, true]);
        assert_eq!(shown(KeyState::Replaced), [false, false]);
    }

    #[test]
    fn scopes_have_words() {
        assert_eq!(scope_labels(&Scopes::all()), "Everything");
        let some = Scopes::of(&[Scope::ReadCustomers, Scope::WriteContacts]);
        assert_eq!(scope_labels(&some), "Read customers, Write contacts");
        assert_eq!(scope_options()[0], ("read:customers", "Read customers".to_owned()));
    }
}
