//! What people need to know about a database on PostgreSQL: where it is, and the commands of
//! PostgreSQL that do what this program only does for files.

use super::DatabaseUrl;
use super::percent::encode;

/// The superuser of most installations. Only superusers can use `pg_amcheck` without further grants.
const SUPERUSER: &str = "postgres";

impl DatabaseUrl {
    /// Returns the hosts, ports, and name, such as `db.example.com:5432/pivotal`.
    pub fn place(&self) -> String {
        let hosts: Vec<String> = self.hosts.iter().map(ToString::to_string).collect();
        format!("{}/{}", hosts.join(","), self.name)
    }

    pub fn has_several_hosts(&self) -> bool {
        self.hosts.len() > 1
    }

    /// Returns the command that makes a backup. It leaves out extensions, which a superuser may have
    /// installed: other users can't replace them when they restore the backup.
    pub fn backup_command(&self, file: &str) -> String {
        format!(
            "pg_dump --format=custom --extension=plpgsql --file={} --dbname={}",
            quote(file),
            self.without_password(self.user())
        )
    }

    /// Returns the command that replaces the database with a backup, or with the one that it reads
    /// from standard input.
    pub fn restore_command(&self, file: Option<&str>) -> String {
        let options = "--clean --if-exists --single-transaction --no-owner";
        let file = file.map(|file| format!(" {}", quote(file))).unwrap_or_default();
        format!("pg_restore {options} --dbname={}{file}", self.without_password(self.user()))
    }

    /// Returns the command that looks for damage.
    pub fn check_command(&self) -> String {
        let url = self.without_password(Some(SUPERUSER));
        format!("pg_amcheck --install-missing --heapallindexed {url}")
    }

    /// Returns the command that rewrites the tables without their deleted rows.
    pub fn vacuum_command(&self) -> String {
        format!("vacuumdb --full --dbname={}", self.without_password(self.user()))
    }

    /// Returns a URL for a shell, without the password, which PostgreSQL's tools ask for.
    fn without_password(&self, user: Option<&str>) -> String {
        let user = user.map(|user| format!("{}@", encode(user))).unwrap_or_default();
        // Everything else is encoded, so an `@` can only be the end of the user.
        let shown = self.shown.trim_start_matches("postgres://");
        let mut rest = shown.split_once('@').map_or(shown, |(_, rest)| rest).to_owned();
        if self.has_several_hosts() && !rest.contains("target_session_attrs=") {
            rest += if rest.contains('?') { "&" } else { "?" };
            rest += "target_session_attrs=read-write";
        }
        quote(&format!("postgres://{user}{rest}"))
    }
}

/// Quotes a text for a shell if it has characters with a meaning there.
fn quote(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:@%,=+~".contains(c);
    // A tilde has a meaning only at the start.
    if !text.is_empty() && text.chars().all(is_plain) && !text.starts_with('~') {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> DatabaseUrl {
        text.parse().unwrap()
    }

    #[test]
    fn the_commands_connect_as_the_url_says_but_without_its_password() {
        let one = url("postgres://ann:s3cret@db.example.com/crm?sslmode=verify-full");
        let place = "postgres://ann@db.example.com:5432/crm?sslmode=verify-full";
        assert_eq!(
            one.backup_command("crm.dump"),
            format!(
                "pg_dump --format=custom --extension=plpgsql --file=crm.dump --dbname='{place}'"
            )
        );
        let restore = format!(
            "pg_restore --clean --if-exists --single-transaction --no-owner --dbname='{place}'"
        );
        assert_eq!(one.restore_command(Some("it's.dump")), format!("{restore} 'it'\\''s.dump'"));
        assert_eq!(one.restore_command(None), restore);
        assert_eq!(one.vacuum_command(), format!("vacuumdb --full --dbname='{place}'"));
        assert_eq!(
            one.check_command(),
            format!(
                "pg_amcheck --install-missing --heapallindexed '{}'",
                place.replace("ann@", "postgres@")
            )
        );
    }

    #[test]
    fn among_several_hosts_the_commands_find_the_primary() {
        let several = url("postgres://ann:s3cret@a,[::1]:5433/crm?connect_timeout=3");
        assert!(several.has_several_hosts());
        assert_eq!(several.place(), "a:5432,[::1]:5433/crm");
        let expected = "--dbname='postgres://ann@a:5432,[::1]:5433/crm?connect_timeout=3&\
                        target_session_attrs=read-write'";
        assert!(several.backup_command("f").ends_with(expected), "{}", several.backup_command("f"));
        let chosen = url("postgres://a,b/crm?target_session_attrs=read-write").vacuum_command();
        assert_eq!(chosen.matches("target_session_attrs").count(), 1, "{chosen}");
    }

    #[test]
    fn a_socket_and_an_unusual_user_stay_what_they_are() {
        let socket = url("postgres:///crm?host=/run/postgresql&user=o%27hara&password=s3cret");
        assert_eq!(socket.place(), "/run/postgresql/.s.PGSQL.5432/crm");
        assert_eq!(
            socket.vacuum_command(),
            "vacuumdb --full --dbname=postgres://o%27hara@%2Frun%2Fpostgresql:5432/crm"
        );
        let plain = url("postgres://h/crm");
        assert_eq!(plain.vacuum_command(), "vacuumdb --full --dbname=postgres://h:5432/crm");
    }
}
