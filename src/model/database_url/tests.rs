use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> DatabaseUrl {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn error(text: &str) -> DatabaseUrlError {
    text.parse::<DatabaseUrl>().unwrap_err()
}

fn tcp(name: &str, port: u16) -> DatabaseHost {
    DatabaseHost::Tcp { name: name.to_owned(), port }
}

#[test]
fn a_url_names_its_hosts_its_user_and_its_database() {
    let url = parse("postgres://ann:s%40cret@a:5433,b,[::1]:5434/crm?connect_timeout=3");
    assert_eq!(url.hosts(), [tcp("a", 5433), tcp("b", 5432), tcp("::1", 5434)]);
    assert_eq!((url.user(), url.secret_password()), (Some("ann"), Some("s@cret")));
    assert_eq!((url.name(), url.connect_timeout()), ("crm", Some(Duration::from_secs(3))));
    assert_eq!(
        url.to_string(),
        "postgres://ann:***@a:5433,b:5432,[::1]:5434/crm?connect_timeout=3"
    );
    assert!(url.secret_text().contains("s%40cret"));
}

#[test]
fn the_hosts_can_be_unix_sockets() {
    let socket = |port| DatabaseHost::Socket { dir: "/run/postgresql".into(), port };
    for (text, host) in [
        ("postgresql:///crm?host=/run/postgresql", socket(5432)),
        ("postgres:///crm?host=%2Frun%2Fpostgresql&port=5433", socket(5433)),
        ("postgres://%2Frun%2Fpostgresql:5434/crm", socket(5434)),
    ] {
        let url = parse(text);
        assert_eq!(url.hosts(), [host]);
        assert_eq!(parse(&url.to_string()).hosts(), url.hosts());
        assert_eq!(url.user(), None);
    }
}

#[test]
fn the_parameter_port_is_for_all_hosts_or_for_each() {
    let hosts = |text: &str| parse(text).hosts().to_vec();
    assert_eq!(hosts("postgres:///x?host=a,b&port=1"), [tcp("a", 1), tcp("b", 1)]);
    assert_eq!(hosts("postgres:///x?host=a,b&port=1,2"), [tcp("a", 1), tcp("b", 2)]);
    assert_eq!(hosts("postgres:///x?host=a,b"), [tcp("a", 5432), tcp("b", 5432)]);
    assert_eq!(error("postgres:///x?host=a,b&port=1,2,3"), DatabaseUrlError::PortCount);
}

#[test]
fn certificates_are_checked_as_in_libpq() {
    let file = || PathBuf::from("/ca.pem");
    let tls = |query: &str| parse(&format!("postgres://h/x?{query}")).tls().clone();
    assert_eq!(tls(""), Tls::Prefer);
    assert_eq!(tls("sslmode=disable"), Tls::Disable);
    assert_eq!(tls("sslmode=require"), Tls::Require);
    assert_eq!(tls("sslmode=require&sslrootcert=/ca.pem"), Tls::VerifyCa(file()));
    assert_eq!(tls("sslmode=verify-ca&sslrootcert=/ca.pem"), Tls::VerifyCa(file()));
    assert_eq!(tls("sslmode=verify-full"), Tls::VerifyFull(Roots::System));
    assert_eq!(tls("sslrootcert=system"), Tls::VerifyFull(Roots::System));
    let full = tls("sslrootcert=/ca.pem&sslmode=verify-full");
    assert_eq!(full, Tls::VerifyFull(Roots::File(file())));
    for (query, expected) in [
        ("sslrootcert=/ca.pem", DatabaseUrlError::UnusedRoots),
        ("sslmode=prefer&sslrootcert=/ca.pem", DatabaseUrlError::UnusedRoots),
        ("sslmode=verify-ca", DatabaseUrlError::VerifyCaWithoutRoots),
        ("sslmode=require&sslrootcert=system", DatabaseUrlError::SystemRoots),
        ("sslmode=allow", DatabaseUrlError::SslMode),
        ("sslmode=verify-full&sslrootcert=", DatabaseUrlError::EmptyRoots),
        ("sslmode=disable&channel_binding=require", DatabaseUrlError::ChannelBindingWithoutTls),
    ] {
        assert_eq!(error(&format!("postgres://h/x?{query}")), expected, "{query}");
    }
}

#[test]
fn a_wrong_url_is_refused_with_advice() {
    use DatabaseUrlError as E;
    for (text, expected, advice) in [
        ("", E::NotPostgres, "postgres://user:password@host:5432/name"),
        ("host=a user=b", E::NotPostgres, "postgres://"),
        ("sqlite:pivotal.db", E::Sqlite, "data_dir"),
        ("file:///var/lib/pivotal.db", E::Sqlite, "leave it empty"),
        ("MySQL://root@h/x", E::OtherEngine, "aren't supported"),
        ("jdbc:postgresql://h/x", E::OtherEngine, "postgres://"),
        ("postgres://h", E::NoName, "add its name"),
        ("postgres://h/", E::NoName, "add its name"),
        ("postgres:///x", E::NoHost, "host=/run/postgresql"),
        ("postgres://u@/x", E::NoHost, "host"),
        ("postgres://h,/x", E::NoHost, "host"),
        ("postgres://@h/x", E::EmptyUser, "user of this process"),
        ("postgres://h/x/y", E::Name, "%2F"),
        ("postgres://h:0/x", E::Port, "1 to 65535"),
        ("postgres://h:+1/x", E::Port, "1 to 65535"),
        ("postgres://h:65536/x", E::Port, "1 to 65535"),
        ("postgres://::1/x", E::Port, "number"),
        ("postgres://[::1/x", E::Host, "brackets"),
        ("postgres://[h]:1/x", E::Host, "brackets"),
        ("postgres://a b/x", E::Host, "name"),
        ("postgres://h/x?host=i", E::TwoHostLists, "keep one"),
        ("postgres://h/%zz", E::Percent, "%25"),
        ("postgres://h/%ff", E::Encoding, "UTF-8"),
        ("postgres://h/%00", E::Encoding, "zero byte"),
        ("postgres://u:p@ss@h/x", E::Credentials, "%40"),
        ("postgres://u:p/ss@h/x", E::Credentials, "%2F"),
        ("postgres://u:p?ss@h/x", E::Credentials, "%3F"),
        ("postgres://h/x?sslmode", E::NoValue, "name=value"),
        ("postgres://h/x?service=crm", E::UnknownParameter, "application_name"),
        ("postgres://h/x?sslmode=require&sslmode=require", E::Repeated("sslmode"), "`sslmode`"),
        ("postgres://u:p@h/x?password=q", E::TwoPasswords, "keep"),
        ("postgres://u:p@h/x?user=v", E::TwoUsers, "keep"),
        ("postgres://h/x?target_session_attrs=any", E::NotReadWrite, "primary"),
        ("postgres://h/x?connect_timeout=0", E::ConnectTimeout, "1 to 60"),
        ("postgres://h/x?channel_binding=on", E::ChannelBinding, "`require`"),
    ] {
        let found = error(text);
        assert_eq!(found, expected, "{text}");
        assert!(found.to_string().contains(advice), "{text}: {found}");
    }
    parse("postgres://a,b/x?target_session_attrs=read-write");
}

#[test]
fn options_and_passwords_in_parameters_are_not_shown() {
    let url = parse("postgres://h/x?user=ann&password=hidden&options=-c%20a.b%3Dhidden");
    assert_eq!((url.secret_password(), url.options()), (Some("hidden"), Some("-c a.b=hidden")));
    assert_eq!(
        format!("{url} {url:?}"),
        "postgres://ann:***@h:5432/x DatabaseUrl(postgres://ann:***@h:5432/x)"
    );
}

proptest! {
    #[test]
    fn a_url_looks_the_same_whatever_its_password_is(
        one in "[ -~é]{1,12}", other in "[ -~é]{1,12}", in_parameter: bool,
    ) {
        let shown = |password: &str| {
            let encoded = percent::encode(password);
            let url = parse(&if in_parameter {
                format!("postgres://a:1,b/x?user=ann&password={encoded}")
            } else {
                format!("postgres://ann:{encoded}@a:1,b/x")
            });
            assert_eq!(url.secret_password(), Some(password));
            format!("{url} {url:?}")
        };
        prop_assert_eq!(shown(&one), shown(&other));
    }

    #[test]
    fn a_password_that_is_not_encoded_is_never_shown(
        before in "[ -~]{0,6}", after in "[ -~]{0,6}", rest in "@(h(:1)?(/x)?([?]sslmode=require)?)?",
    ) {
        let text = format!("postgres://ann:{before}SECRET{after}{rest}");
        let shown = match text.parse::<DatabaseUrl>() {
            Ok(url) => format!("{url} {url:?}"),
            Err(error) => format!("{error} {error:?}"),
        };
        prop_assert!(!shown.contains("SECRET"), "{}", shown);
    }

    #[test]
    fn what_is_shown_is_a_url_with_the_same_parts(
        hosts in prop::collection::vec("[a-z][a-z0-9.-]{0,5}(:[1-9][0-9]{0,3})?", 1..4),
        name in "[ -~é]{1,8}",
        user in prop::option::of("[ -~é]{1,8}"),
    ) {
        let user = user.map(|user| percent::encode(&user) + "@").unwrap_or_default();
        let url = parse(&format!("postgres://{user}{}/{}", hosts.join(","), percent::encode(&name)));
        let again = parse(&url.to_string());
        prop_assert_eq!(again.hosts(), url.hosts());
        prop_assert_eq!((again.user(), again.name()), (url.user(), url.name()));
        prop_assert_eq!(url.name(), name);
    }
}
