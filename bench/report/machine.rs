//! The machine that a run was made on.

use std::collections::BTreeMap;
use std::fs;

/// Returns the facts about the machine that are available.
pub fn describe() -> BTreeMap<&'static str, String> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = field("/proc/meminfo", "MemTotal").and_then(|text| {
        let kib: u64 = text.strip_suffix(" kB")?.parse().ok()?;
        Some(format!("{} GiB", (kib + (1 << 19)) >> 20))
    });
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").ok();
    let facts = [
        ("processor", field("/proc/cpuinfo", "model name")),
        ("cores", Some(cores.to_string())),
        ("memory", memory),
        ("kernel", kernel.map(|text| text.trim().to_owned())),
    ];
    facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// Returns the first value with this name in a file of `name: value` lines.
fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let value = text.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        (found.trim() == name).then(|| value.trim().to_owned())
    });
    value.filter(|value| !value.is_empty())
}
