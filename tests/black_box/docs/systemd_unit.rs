//! The unit in `docs/operate/systemd.md` is that of the Debian package.

use crate::support::assert_up_to_date;

const PAGE: &str = "docs/operate/systemd.md";
const UNIT: &str = include_str!("../../../packaging/debian/pivotal-server.service");

#[test]
fn the_systemd_unit_in_the_documentation_is_that_of_the_package() {
    let page = include_str!("../../../docs/operate/systemd.md");
    let (before, rest) = page.split_once("```ini\n").unwrap();
    let (_, after) = rest.split_once("```\n").unwrap();
    // Without the package, the administrator installs the binary.
    let unit = UNIT.replace("/usr/bin/", "/usr/local/bin/");
    let current = format!("{before}```ini\n{unit}```\n{after}");
    assert_up_to_date(PAGE, &current, "the_systemd_unit");
}
