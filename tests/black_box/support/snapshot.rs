//! Files in the repository that are generated from the code.

use std::path::Path;
use std::{env, fs};

/// Checks that a file in the repository is up to date. With `UPDATE_SNAPSHOT` set, it is written
/// instead. `test` is the part of the test's name that the advice contains.
#[track_caller]
pub fn assert_up_to_date(path: &str, current: &str, test: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let stored = fs::read_to_string(&file).unwrap_or_default();
    if stored != current && env::var_os("UPDATE_SNAPSHOT").is_some() {
        return fs::write(file, current).unwrap();
    }
    assert!(
        stored == current,
        "{path} is out of date; update it with `UPDATE_SNAPSHOT=1 cargo test --test black_box {test}`"
    );
}
