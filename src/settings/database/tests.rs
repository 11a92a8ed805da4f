//! Tests of what is read from the `database` setting, and of what is printed.

#[cfg(feature = "postgres")]
mod with_postgres {
    use crate::settings::database::check_backups;
    use crate::settings::sources::tests::{load, read, to_toml};

    const URL: &str = "postgres://ann:s3cret@db.example.com/crm";

    fn text(value: &str) -> String {
        format!("database = {value:?}\n")
    }

    #[test]
    fn a_database_is_printed_without_its_password() {
        let loaded = load(&text(URL), &[]).unwrap();
        let database = loaded.settings.database.as_ref().unwrap();
        assert_eq!(database.secret_password(), Some("s3cret"));
        let printed = to_toml(&loaded);
        let expected = "database = \"postgres://ann:***@db.example.com:5432/crm\"\n";
        assert!(printed.contains(expected) && !printed.contains("s3cret"), "{printed}");
        assert!(!format!("{:?}", loaded.settings).contains("s3cret"));
        let again = read(&printed, &[]).unwrap_err();
        assert!(again.contains("line 3: `database` has `***` as its password"), "{again}");
        let peer = load(&text("postgres:///crm?host=/run/postgresql"), &[]).unwrap();
        let again = load(&to_toml(&peer), &[]).unwrap();
        assert_eq!(to_toml(&again), to_toml(&peer));
        assert_eq!(read(&text(""), &[]).unwrap().database, None);
    }

    #[test]
    fn a_wrong_url_is_explained_without_repeating_it() {
        for (value, reason) in [
            ("postgres://ann:s3cr@et@h/crm", "percent-encode it"),
            ("postgres://ann:s3cret@h", "names no database"),
            ("postgres://ann:s3cret@h/crm?sslmode=s3cret", "invalid `sslmode`"),
            ("s3cret", "must be a PostgreSQL URL"),
        ] {
            let in_file = read(&text(value), &[]).unwrap_err();
            assert!(in_file.starts_with("config.toml, line 1: `database` "), "{in_file}");
            let variable = read("", &[("PIVOTAL_DATABASE", value)]).unwrap_err();
            assert!(variable.starts_with("environment variable `PIVOTAL_DATABASE` "), "{variable}");
            for message in [in_file, variable] {
                assert!(message.contains(reason) && !message.contains("s3c"), "{message}");
            }
        }
        let number = read("database = 5432\n", &[]).unwrap_err();
        assert!(number.contains("must be the URL of a PostgreSQL database"), "{number}");
    }

    #[test]
    fn writes_need_two_machines_if_there_are_several_hosts_unless_the_settings_say_otherwise() {
        let requires = |database: &str, rest: &str| {
            read(&format!("{}{rest}", text(database)), &[]).unwrap().requires_sync()
        };
        assert!(!requires("", ""));
        assert!(!requires(URL, ""));
        assert!(requires(URL, "require_sync = true"));
        let several = "postgres://a,b/crm";
        assert!(requires(several, ""));
        assert!(requires(several, "require_sync = \"auto\""));
        assert!(!requires(several, "require_sync = false"));
        let variable = |value| read("", &[("PIVOTAL_REQUIRE_SYNC", value)]);
        assert_eq!(variable("true").unwrap().require_sync, Some(true));
        assert_eq!(variable("auto").unwrap().require_sync, None);
        let wrong = variable("yes").unwrap_err();
        assert!(wrong.ends_with("must be true, false, or \"auto\""), "{wrong}");
    }

    #[test]
    fn scheduled_backups_are_refused_with_the_command_that_makes_one() {
        let mut settings = read(&text(URL), &[]).unwrap();
        assert!(check_backups(&settings).is_ok());
        settings.backup.every = Some(std::time::Duration::from_secs(60));
        let refusal = check_backups(&settings).unwrap_err().to_string();
        let command = "`pg_dump --format=custom --extension=plpgsql --file=pivotal.dump \
                       --dbname=postgres://ann@db.example.com:5432/crm`";
        assert!(refusal.contains(command) && !refusal.contains("s3cret"), "{refusal}");
        settings.database = None;
        assert!(check_backups(&settings).is_ok());
    }
}

#[cfg(not(feature = "postgres"))]
#[test]
fn a_binary_without_postgresql_says_so() {
    use crate::settings::sources::tests::read;

    let refusal = read("", &[("PIVOTAL_DATABASE", "postgres://ann:s3cret@h/crm")]).unwrap_err();
    assert!(refusal.contains("built without PostgreSQL"), "{refusal}");
    assert!(!refusal.contains("s3cret"), "{refusal}");
    assert_eq!(read("", &[("PIVOTAL_DATABASE", "")]).unwrap().database, None);
}
