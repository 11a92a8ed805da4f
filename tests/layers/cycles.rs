//! Finds import cycles between files. An import leads to the file that defines the imported item:
//! re-exports in a `mod.rs` are followed to their source. Imports by a `mod.rs`, a `lib.rs`, or a
//! `main.rs` from the modules below it don't count, because declaring and calling them is its job.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use super::source::{Mention, MentionKind, Module, Source};
use super::sources;

/// Long enough for every chain of re-exports.
const MAX_DEPTH: usize = 12;

/// The files of a crate, by module.
struct Crate {
    files: BTreeMap<Module, (PathBuf, Source)>,
}

/// What a path refers to.
#[derive(Clone)]
enum Target {
    Module(Module),
    /// An item defined in the file of this module.
    Item(Module),
}

/// The files that each file imports, with the line of the first import.
type Imports = BTreeMap<PathBuf, BTreeMap<PathBuf, usize>>;

/// Describes each group of files that all import each other, directly or indirectly: the shortest
/// cycle in it, with the lines of its imports.
pub fn cycles(root: &Path) -> Vec<String> {
    describe_cycles(&Crate::read(root).imports())
}

fn describe_cycles(imports: &Imports) -> Vec<String> {
    let mut known = BTreeSet::new();
    let mut found = Vec::new();
    for file in imports.keys() {
        let Some(cycle) = shortest_cycle(file, imports).filter(|_| !known.contains(file)) else {
            continue;
        };
        let group = group(file, imports);
        found.push(describe_group(&group, &cycle, imports));
        known.extend(group);
    }
    found
}

/// Returns the shortest path of imports from a file back to itself.
fn shortest_cycle(file: &Path, imports: &Imports) -> Option<Vec<PathBuf>> {
    let mut before: BTreeMap<&Path, &Path> = BTreeMap::new();
    let mut queue = VecDeque::from([file]);
    while let Some(at) = queue.pop_front() {
        for next in imports.get(at).into_iter().flat_map(BTreeMap::keys) {
            if next == file {
                let back = std::iter::successors(Some(at), |at| before.get(at).copied());
                let mut cycle: Vec<_> = back.map(Path::to_owned).collect();
                cycle.reverse();
                return Some(cycle);
            }
            if !before.contains_key(next.as_path()) {
                before.insert(next, at);
                queue.push_back(next);
            }
        }
    }
    None
}

/// Returns the files that a file reaches and that reach it.
fn group(file: &Path, imports: &Imports) -> BTreeSet<PathBuf> {
    let forward = reachable(file, imports);
    forward.into_iter().filter(|other| reachable(other, imports).contains(file)).collect()
}

fn reachable(file: &Path, imports: &Imports) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut open = vec![file];
    while let Some(at) = open.pop() {
        for next in imports.get(at).into_iter().flat_map(BTreeMap::keys) {
            if found.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    found
}

fn describe_group(group: &BTreeSet<PathBuf>, cycle: &[PathBuf], imports: &Imports) -> String {
    let mut text = format!("{} files import each other:", group.len());
    for (place, file) in cycle.iter().enumerate() {
        let next = &cycle[(place + 1) % cycle.len()];
        let line = imports[file][next];
        text += &format!("\n  {}:{line} imports {}", file.display(), next.display());
    }
    let others: Vec<_> = group.iter().filter(|file| !cycle.contains(file)).collect();
    if !others.is_empty() {
        let others: Vec<_> = others.iter().map(|file| file.display().to_string()).collect();
        text += &format!("\n  and, with further cycles: {}", others.join(", "));
    }
    text
}

impl Crate {
    fn read(root: &Path) -> Self {
        let mut all = sources(root);
        // `lib.rs` sorts before `main.rs`, which is the root of another crate, so the library wins.
        all.sort();
        Self::new(all.into_iter().map(|file| {
            let text = fs::read_to_string(&file).unwrap();
            let name = file.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
            (module(file.strip_prefix(root).unwrap()), name.to_owned(), text)
        }))
    }

    fn new(texts: impl Iterator<Item = (Module, PathBuf, String)>) -> Self {
        let mut files = BTreeMap::new();
        for (module, file, text) in texts {
            files.entry(module).or_insert_with(|| (file, Source::read(&text)));
        }
        let tests: Vec<Module> = files
            .iter()
            .flat_map(|(at, (_, source))| source.tests.iter().map(|test| below(at, test)))
            .collect();
        files.retain(|module, _| !tests.iter().any(|test| module.starts_with(test)));
        Self { files }
    }

    fn imports(&self) -> Imports {
        let mut imports = Imports::new();
        for (module, (file, source)) in &self.files {
            for mention in &source.mentions {
                let target = self.resolve(&below(module, &mention.scope), &mention.path, 0);
                let Some(target) = target.map(|target| self.file_module(&target)) else { continue };
                if target.starts_with(module) {
                    continue;
                }
                if let Some((target, _)) = self.files.get(&target) {
                    let lines = imports.entry(file.clone()).or_default();
                    lines.entry(target.clone()).or_insert(mention.line);
                }
            }
        }
        imports
    }

    /// Returns the module whose file contains a target.
    fn file_module(&self, target: &Target) -> Module {
        let (Target::Module(module) | Target::Item(module)) = target;
        let mut module = module.clone();
        while !module.is_empty() && !self.files.contains_key(&module) {
            module.pop();
        }
        module
    }

    /// Resolves a path in a module. Returns `None` if it leads out of the crate.
    fn resolve(&self, from: &[String], path: &[String], depth: usize) -> Option<Target> {
        let (first, mut rest) = path.split_first()?;
        let mut target = match first.as_str() {
            "crate" => Target::Module(Module::new()),
            "self" => Target::Module(from.to_vec()),
            "super" => Target::Module(from.split_last()?.1.to_vec()),
            _ => self.resolve_name(from, first, !rest.is_empty(), depth)?,
        };
        while let (Target::Module(at), Some((name, after))) = (&target, rest.split_first()) {
            target = match name.as_str() {
                "super" => Target::Module(at.split_last()?.1.to_vec()),
                _ => match self.resolve_name(at, name, !after.is_empty(), depth) {
                    Some(target) => target,
                    None if self.is_foreign(at, name) => return None,
                    None => Target::Item(at.clone()),
                },
            };
            rest = after;
        }
        Some(target)
    }

    /// Resolves a name in a module by its submodules, items, and imports. With `has_more`, the path
    /// continues, so a module is preferred over a function of the same name.
    fn resolve_name(
        &self,
        at: &[String],
        name: &str,
        has_more: bool,
        depth: usize,
    ) -> Option<Target> {
        let child = below(at, &[name.to_owned()]);
        if self.is_module(&child) {
            return Some(Target::Module(child));
        }
        let (source, scope) = self.source(at)?;
        if source.items.iter().any(|(module, item)| module == scope && item == name) {
            return Some(Target::Item(at.to_vec()));
        }
        if depth == MAX_DEPTH {
            return None;
        }
        let imports = || source.mentions.iter().filter(|mention| mention.scope == scope);
        let is =
            |mention: &&Mention| matches!(&mention.kind, MentionKind::Imported(as_) if as_ == name);
        let resolve = |mention: &Mention| self.resolve(at, &mention.path, depth + 1);
        let mut found: Vec<Target> = imports()
            .filter(is)
            .filter(|mention| mention.path.first().is_none_or(|first| first != name))
            .filter_map(resolve)
            .collect();
        if has_more && let Some(place) = found.iter().position(|it| matches!(it, Target::Module(_)))
        {
            return Some(found.swap_remove(place));
        }
        if let Some(first) = found.into_iter().next() {
            return Some(first);
        }
        let globs = imports().filter(|mention| mention.kind == MentionKind::GlobImported);
        globs.filter_map(resolve).find_map(|glob| match glob {
            Target::Module(module) if module != at => {
                self.resolve_name(&module, name, has_more, depth + 1)
            }
            _ => None,
        })
    }

    /// Whether a name in a module is imported from another crate.
    fn is_foreign(&self, at: &[String], name: &str) -> bool {
        let Some((source, scope)) = self.source(at) else { return false };
        source.mentions.iter().any(|mention| {
            mention.scope == scope
                && matches!(&mention.kind, MentionKind::Imported(as_) if as_ == name)
        })
    }

    fn is_module(&self, module: &[String]) -> bool {
        self.files.contains_key(module)
            || self
                .source(module)
                .is_some_and(|(source, scope)| source.modules.iter().any(|inner| inner == scope))
    }

    /// Returns the source file that contains a module, with the module's path in that file.
    fn source<'m>(&self, module: &'m [String]) -> Option<(&Source, &'m [String])> {
        let lengths = (0..=module.len()).rev();
        let mut homes = lengths.filter_map(|length| {
            let (home, scope) = module.split_at(length);
            Some((&self.files.get(home)?.1, scope))
        });
        homes.next()
    }
}

fn below(module: &[String], path: &[String]) -> Module {
    [module, path].concat()
}

/// Derives the module of a file from its path below the crate's root.
fn module(file: &Path) -> Module {
    let path = file.with_extension("");
    let mut names: Module = path.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    if names.last().is_some_and(|name| matches!(name.as_str(), "mod" | "lib" | "main")) {
        names.pop();
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_cycles(files: &[(&str, &str)], expected: &[&str]) {
        let texts = files
            .iter()
            .map(|(file, text)| (module(Path::new(file)), PathBuf::from(file), (*text).to_owned()));
        let found = describe_cycles(&Crate::new(texts).imports());
        let expected: Vec<String> = expected.iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_cycle_is_reported_with_its_lines() {
        assert_cycles(
            &[("a.rs", "\nuse crate::b::B;"), ("b.rs", "fn b() { super::a::a() }")],
            &["2 files import each other:\n  a.rs:2 imports b.rs\n  b.rs:1 imports a.rs"],
        );
        assert_cycles(&[("a.rs", "use crate::b::B;"), ("b.rs", "fn b() {}")], &[]);
    }

    #[test]
    fn a_re_export_is_followed_to_the_defining_file() {
        let folder = ("b/mod.rs", "pub use self::c::{C, d as e};");
        let c = ("b/c.rs", "use crate::a::A; pub struct C;");
        let cycle = "2 files import each other:\n  a.rs:1 imports b/c.rs\n  b/c.rs:1 imports a.rs";
        for a in ["use crate::b::C;", "use crate::b; fn f(e: b::e) {}"] {
            assert_cycles(&[("a.rs", a), folder, c], &[cycle]);
        }
        assert_cycles(&[("a.rs", "use crate::b::other;"), folder, c], &[]);
    }

    #[test]
    fn imports_in_tests_and_from_submodules_do_not_count() {
        assert_cycles(
            &[
                ("b/mod.rs", "mod c; use self::c::C; pub struct B;"),
                ("b/c.rs", "use super::B; #[cfg(test)] mod tests { use crate::d::D; }"),
                ("d.rs", "use crate::b::c::C; #[cfg(test)] mod fixture;"),
                ("d/fixture.rs", "use super::*; use crate::e::E;"),
                ("e.rs", "use crate::d::D;"),
            ],
            &[],
        );
    }
}
