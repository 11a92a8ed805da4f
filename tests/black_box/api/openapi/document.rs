//! The OpenAPI document: where it is served, and that it is complete and consistent.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;

use pivotal_server::settings::Settings;
use serde_json::{Value, json};

use crate::support::contract::{DOCUMENT, operations, resolve, violations};
use crate::support::{InProcess, Response, Server, assert_up_to_date, command, wait_until};

/// The endpoints of the hosted API.
const ENDPOINTS: [(&str, &str, &str); 22] = [
    ("get-me", "GET", "/me"),
    ("get-health", "GET", "/health"),
    ("list-customers", "GET", "/customers"),
    ("create-customer", "POST", "/customers"),
    ("get-customer", "GET", "/customers/{id}"),
    ("update-customer", "PATCH", "/customers/{id}"),
    ("delete-customer", "DELETE", "/customers/{id}"),
    ("list-customer-contacts", "GET", "/customers/{customerId}/contacts"),
    ("create-customer-contact", "POST", "/customers/{customerId}/contacts"),
    ("get-contact", "GET", "/contacts/{id}"),
    ("update-contact", "PATCH", "/contacts/{id}"),
    ("delete-contact", "DELETE", "/contacts/{id}"),
    ("list-onboardings", "GET", "/onboardings"),
    ("create-onboarding", "POST", "/onboardings"),
    ("list-customer-onboardings", "GET", "/customers/{customerId}/onboardings"),
    ("get-onboarding", "GET", "/onboardings/{id}"),
    ("update-onboarding", "PATCH", "/onboardings/{id}"),
    ("delete-onboarding", "DELETE", "/onboardings/{id}"),
    ("list-customer-activity", "GET", "/customers/{id}/activity"),
    ("list-onboarding-activity", "GET", "/onboardings/{id}/activity"),
    ("list-events", "GET", "/events"),
    ("openapi", "GET", "/openapi.json"),
];

/// Returns the document as the command prints it.
fn print_document(arguments: &[&str]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let output = command(dir.path()).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Returns the document for a server at this origin.
fn document_for_origin(origin: &str) -> Value {
    let mut document = DOCUMENT.clone();
    document["servers"] = json!([{ "url": format!("{origin}/api/v1") }]);
    document
}

#[test]
fn the_document_in_the_repository_matches_what_the_binary_prints() {
    assert_up_to_date(
        "docs/openapi.json",
        &print_document(&["openapi"]),
        "the_document_in_the_repository",
    );
}

#[test]
fn the_command_accepts_only_the_base_url_of_a_server() {
    let own = ["--json", "openapi", "--url", "https://Pivotal.example.org:8443/"];
    let document: Value = serde_json::from_str(&print_document(&own)).unwrap();
    assert_eq!(document, document_for_origin("https://pivotal.example.org:8443"));
    let below = ["--json", "openapi", "--url", "https://example.org/pivotal/"];
    let document: Value = serde_json::from_str(&print_document(&below)).unwrap();
    assert_eq!(document, document_for_origin("https://example.org/pivotal"));
    let dir = tempfile::tempdir().unwrap();
    for wrong in ["pivotal.example.org", "ftp://pivotal.example.org", "http://a//b", "http://a/?b"]
    {
        let output = command(dir.path()).args(["openapi", "--url", wrong]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong}");
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "it needs no database");
}

#[test]
fn the_document_is_public_and_contains_the_origin_that_the_client_used() {
    let server = Server::start_with(&[]);
    let anonymous = server.anonymous();
    let by = |host: &str| -> Response {
        anonymous.send("GET", "/openapi.json", &[("Host", host), ("X-Request-Id", "mine")], None)
    };
    let reply = by("pivotal.example.org:8080");
    assert_eq!(reply.expect(200), document_for_origin("http://pivotal.example.org:8080"));
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.header("x-request-id"), Some("mine"));
    assert_eq!(reply.header("x-ratelimit-limit"), None);
    assert_eq!(by("not a host").expect(200), document_for_origin(&server.origin()));

    let head = anonymous.send("HEAD", "/openapi.json", &[], None);
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    // A key is neither checked nor counted.
    let wrong = server.client_with("no key");
    wrong.get("/openapi.json").expect(200);
    let before = server.client().get("/me");
    server.client().get("/openapi.json").expect(200);
    let after = server.client().get("/me");
    let left = |reply: &Response| -> i64 {
        reply.header("x-ratelimit-remaining").unwrap().parse().unwrap()
    };
    assert_eq!(left(&before), left(&after) + 1);
    wait_until("the request is logged", || server.log().contains("operation=openapi status=200"));
}

#[test]
fn an_unchanged_document_is_not_sent_again() {
    let server = Server::start();
    let get = |method: &str, headers: &[(&str, &str)]| {
        server.anonymous().send(method, "/openapi.json", headers, None)
    };
    let first = get("GET", &[]);
    first.expect(200);
    assert_eq!(first.header("cache-control"), Some("no-cache"));
    let tag = first.header("etag").unwrap();
    assert!(tag.starts_with('"'), "{tag}");
    assert_eq!(get("HEAD", &[]).header("etag"), Some(tag));
    for known in [tag, &format!("W/{tag}"), &format!("\"other\", {tag}"), "*"] {
        for method in ["GET", "HEAD"] {
            let again = get(method, &[("If-None-Match", known), ("X-Request-Id", "mine")]);
            assert_eq!((again.status, again.body.as_str()), (304, ""), "{known}");
            assert_eq!(again.header("etag"), Some(tag));
            assert_eq!(again.header("cache-control"), Some("no-cache"));
            assert_eq!(again.header("x-request-id"), Some("mine"));
        }
    }
    // For another origin it is a different document.
    let elsewhere = get("GET", &[("Host", "other.example"), ("If-None-Match", tag)]);
    assert_eq!(elsewhere.expect(200), document_for_origin("http://other.example"));
}

#[test]
fn behind_a_trusted_proxy_the_origin_is_the_proxys() {
    let headers = [("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "pivotal.example.org")];
    for (trusted, origin) in [
        (vec!["127.0.0.0/8".parse().unwrap()], "https://pivotal.example.org"),
        (Vec::new(), "http://inner"),
    ] {
        let server = InProcess::start(Settings { trusted_proxies: trusted, ..Settings::default() });
        let all = [headers[0], headers[1], ("Host", "inner")];
        let reply = server.anonymous().send("GET", "/openapi.json", &all, None);
        assert_eq!(reply.expect(200), document_for_origin(origin));
    }
}

#[test]
fn every_endpoint_of_the_hosted_api_is_described_and_no_other() {
    let described: BTreeSet<_> =
        operations().iter().map(|one| (one.id, one.method.clone(), one.path)).collect();
    let promised: BTreeSet<_> =
        ENDPOINTS.iter().map(|&(id, method, path)| (id, method.to_owned(), path)).collect();
    assert_eq!(described, promised);
}

#[test]
fn every_path_allows_exactly_the_methods_that_are_described() {
    let server = Server::start();
    let client = server.client();
    let mut paths: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for operation in operations() {
        paths.entry(operation.path).or_default().push(operation.method.clone());
    }
    for (path, mut known) in paths {
        if known.contains(&"GET".to_owned()) {
            known.push("HEAD".to_owned());
        }
        let path = path.replace("{id}", "1").replace("{customerId}", "1");
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
            let reply = client.send(method, &path, &[], None);
            assert_eq!(reply.status == 405, !known.contains(&method.to_owned()), "{method} {path}");
            if reply.status == 405 {
                if method != "HEAD" {
                    reply.refused(405, "method_not_allowed", None);
                }
                let allowed: BTreeSet<_> = reply.header("allow").unwrap().split(", ").collect();
                assert_eq!(allowed, known.iter().map(String::as_str).collect(), "{path}");
            }
        }
    }
}

/// Every value in the document with its JSON pointer.
fn all_values() -> Vec<(String, &'static Value)> {
    let mut found = Vec::new();
    let mut left = vec![(String::new(), &*DOCUMENT)];
    while let Some((place, value)) = left.pop() {
        match value {
            Value::Object(entries) => {
                left.extend(entries.iter().map(|(name, value)| {
                    (format!("{place}/{}", name.replace('~', "~0").replace('/', "~1")), value)
                }));
            }
            Value::Array(items) => {
                left.extend(items.iter().enumerate().map(|(n, v)| (format!("{place}/{n}"), v)));
            }
            _ => {}
        }
        found.push((place, value));
    }
    found
}

#[test]
fn every_reference_resolves_and_every_component_is_used() {
    let mut used: HashSet<&str> = HashSet::new();
    for (place, value) in all_values() {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            let target = reference.strip_prefix('#').unwrap();
            assert!(DOCUMENT.pointer(target).is_some(), "{place}: {reference}");
            used.insert(target);
        }
    }
    for (kind, components) in DOCUMENT["components"].as_object().unwrap() {
        for name in components.as_object().unwrap().keys() {
            let place = format!("/components/{kind}/{name}");
            assert!(kind == "securitySchemes" || used.contains(place.as_str()), "{place}");
        }
    }
}

#[test]
fn every_operation_field_parameter_and_header_has_a_description() {
    let is_text = |value: &Value| {
        value.as_str().is_some_and(|text| text.trim() == text && text.ends_with('.'))
    };
    let tags: Vec<&Value> =
        DOCUMENT["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    for operation in operations() {
        assert!(is_text(&operation.definition["description"]), "{}", operation.id);
        let summary = operation.definition["summary"].as_str().unwrap();
        assert!(!summary.is_empty() && !summary.ends_with('.'), "{}", operation.id);
        let own = operation.definition["tags"].as_array().unwrap();
        assert!(own.len() == 1 && tags.contains(&&own[0]), "{}", operation.id);
        for parameter in operation.definition["parameters"].as_array().into_iter().flatten() {
            let parameter = resolve(parameter);
            assert!(is_text(&parameter["description"]), "{} {parameter}", operation.id);
        }
        for (status, response) in operation.definition["responses"].as_object().unwrap() {
            let response = resolve(response);
            assert!(is_text(&response["description"]), "{} {status}", operation.id);
            for header in ["X-Request-Id", "X-Ignored-Parameters"] {
                assert!(response["headers"][header].is_object(), "{} {status}", operation.id);
            }
        }
    }
    for (name, schema) in DOCUMENT["components"]["schemas"].as_object().unwrap() {
        assert!(is_text(&schema["description"]), "{name}");
        for (property, schema) in schema["properties"].as_object().into_iter().flatten() {
            assert!(is_text(&schema["description"]), "{name}.{property}");
        }
    }
    for (name, header) in DOCUMENT["components"]["headers"].as_object().unwrap() {
        assert!(is_text(&header["description"]), "{name}");
    }
}

#[test]
fn every_example_is_valid_for_its_schema() {
    let mut seen = 0;
    for (place, value) in all_values() {
        let Some(schema) = value.get("schema").filter(|_| !place.contains("/example")) else {
            continue;
        };
        let examples = value["examples"].as_object().into_iter().flatten();
        let examples = examples.map(|(_, example)| &example["value"]).chain(value.get("example"));
        for example in examples {
            seen += 1;
            assert_eq!(violations(schema, example), [""; 0], "{place}: {example}");
        }
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn cursors_and_tokens_are_plain_strings_for_generated_clients() {
    let lists = DOCUMENT["components"]["schemas"].as_object().unwrap().iter();
    let cursors = lists.filter_map(|(_, schema)| schema["properties"].get("next_cursor"));
    let cursors: Vec<&Value> =
        cursors.chain([&DOCUMENT["components"]["parameters"]["Cursor"]["schema"]]).collect();
    assert_eq!(cursors.len(), 6);
    let parameters = DOCUMENT["components"]["parameters"].as_object().unwrap().iter();
    let ids = parameters.filter(|(name, _)| name.ends_with("Id")).map(|(_, one)| &one["schema"]);
    let in_headers = ["X-Request-Id", "Location", "ETag"];
    let in_headers = in_headers.map(|name| &DOCUMENT["components"]["headers"][name]["schema"]);
    let key = &DOCUMENT["components"]["parameters"]["IdempotencyKey"]["schema"];
    for token in cursors.into_iter().chain(ids).chain(in_headers).chain([key]) {
        assert!(token["type"] == "string" || token["type"] == json!(["string", "null"]), "{token}");
        assert!(token.get("format").is_none() && token.get("anyOf").is_none(), "{token}");
    }
    for (place, schema) in all_values() {
        let is_id = place.ends_with("/properties/id") || place.ends_with("_id");
        if is_id && place.contains("/schemas/") {
            assert!(schema.get("format").is_none() || place.ends_with("display_id"), "{place}");
        }
    }
}

/// The texts at these JSON pointers.
fn texts(places: &[&str]) -> Vec<&'static str> {
    let text = |place: &&str| DOCUMENT.pointer(place).and_then(Value::as_str);
    places.iter().map(|place| text(place).unwrap_or_else(|| panic!("{place}"))).collect()
}

#[test]
fn additions_to_the_hosted_api_are_marked() {
    for text in texts(&[
        "/components/schemas/RateLimitTier/description",
        "/components/schemas/ApiKey/properties/rate_limit_tier/description",
        "/components/schemas/EventType/description",
        "/components/schemas/Event/properties/type/description",
        "/components/headers/X-Request-Id/description",
        "/components/headers/X-Ignored-Parameters/description",
        "/components/headers/Accept-Encoding/description",
        "/paths/~1customers~1{id}/delete/description",
        "/paths/~1contacts~1{id}/patch/description",
        "/paths/~1contacts~1{id}/delete/description",
        "/paths/~1onboardings~1{id}/patch/description",
        "/paths/~1onboardings~1{id}/delete/description",
    ]) {
        // A scope, which is another addition, is named last.
        let text = text.split("Addition: requires").next().unwrap();
        assert!(text.contains("Addition: "), "{text}");
    }
    let [text] = texts(&["/paths/~1openapi.json/get/description"])[..] else { panic!() };
    assert!(!text.contains("Addition"), "{text}");
}

#[test]
fn a_conflict_is_described_where_one_can_occur() {
    let mut seen = 0;
    for operation in operations() {
        let conflict = &operation.definition["responses"]["409"];
        let Some(text) = conflict["description"].as_str() else { continue };
        let codes = conflict["content"]["application/json"]["examples"].as_object().unwrap();
        let is_taken = codes.keys().any(|code| code.ends_with("_taken"));
        assert_eq!(text.contains("idempotency"), operation.method == "POST", "{}", operation.id);
        assert_eq!(text.contains("unique"), is_taken, "{}", operation.id);
        seen += 1;
    }
    assert_eq!(seen, 5);
}

#[test]
fn instructions_for_requests_are_not_repeated_in_responses() {
    let [shown, sent] = texts(&[
        "/components/schemas/Onboarding/properties/customer_id/description",
        "/components/schemas/NewOnboarding/properties/customer_id/description",
    ])[..] else {
        panic!()
    };
    assert!(!shown.contains("display_id") && sent.contains("display_id"), "{shown} {sent}");
    for text in texts(&[
        "/components/schemas/NewOnboarding/properties/state/description",
        "/components/schemas/NewOnboarding/properties/waiting_on_customer/description",
    ]) {
        assert!(text.contains("Defaults to"), "{text}");
    }
}

#[test]
fn both_causes_of_a_429_are_described() {
    let examples = "/components/responses/TooManyRequests/content/application~1json/examples";
    let examples = DOCUMENT.pointer(examples).unwrap().as_object().unwrap();
    let summaries: HashSet<&str> =
        examples.values().map(|one| one["summary"].as_str().unwrap()).collect();
    assert_eq!(summaries.len(), 2, "{summaries:?}");
    assert!(examples.values().all(|one| one["value"]["error"]["code"] == "rate_limited"));
}

#[test]
fn every_link_refers_to_an_operation_that_has_its_parameters() {
    let all = operations();
    let mut seen = 0;
    for operation in all {
        let links = operation.definition["responses"]["201"]["links"].as_object();
        assert_eq!(links.is_some(), operation.method == "POST", "{}", operation.id);
        for (name, link) in links.into_iter().flatten() {
            let target = all.iter().find(|one| link["operationId"] == one.id).unwrap();
            assert_eq!(name, target.id);
            for parameter in link["parameters"].as_object().into_iter().flatten() {
                assert!(target.path.contains(&format!("{{{}}}", parameter.0)), "{name}");
            }
            seen += 1;
        }
    }
    assert_eq!(seen, 15);
}
