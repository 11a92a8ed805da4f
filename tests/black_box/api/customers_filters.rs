//! The filters of `/customers`.

use serde_json::{Value, json};

use crate::support::{Client, Server};

/// The names of the customers in a list, in its order.
#[track_caller]
fn names(client: &Client, query: &str) -> Vec<String> {
    let list = client.get(&format!("/customers?{query}")).expect(200);
    let items = list["data"].as_array().unwrap().iter();
    items.map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

/// Decides whether a filter matches a customer.
type Condition = Box<dyn Fn(&Value) -> bool>;

#[test]
fn each_filter_returns_exactly_the_matching_customers() {
    let server = Server::start();
    let client = server.client();
    for body in [
        json!({"name": "A", "domain": "aurora.example", "hubspot_company_id": "H1"}),
        json!({"name": "B", "domain": "aurora.example", "stripe_customer_id": "cus_1"}),
        json!({"name": "C", "domain": "www.aurora.example", "hubspot_company_id": "h1"}),
        json!({"name": "D", "slug": "a-2", "status": "active", "stripe_customer_id": "cus_12"}),
        json!({"name": "E", "status": "archived", "hubspot_company_id": "H1"}),
    ] {
        client.post("/customers", body).expect(201);
    }
    for (query, found) in [
        ("domain=aurora.example", &["B", "A"][..]),
        ("domain=AURORA.example", &["B", "A"]),
        ("domain=example", &[]),
        ("hubspot_company_id=H1", &["E", "A"]),
        ("hubspot_company_id=h1", &["C"]),
        ("hubspot_company_id=%EF%BB%BFH1%0A", &["E", "A"]),
        ("stripe_customer_id=cus_1", &["B"]),
        ("stripe_customer_id=cus_12", &["D"]),
        ("stripe_customer_id=cus_12%E2%80%8B%20", &["D"]),
        ("stripe_customer_id=cus_%25", &[]),
        ("slug=a", &["A"]),
        ("slug=a-2", &["D"]),
        ("slug=A", &[]),
        ("slug=not%20a%20slug", &[]),
        ("status=active", &["D"]),
        ("status=onboarding", &["C", "B", "A"]),
        ("status=archived", &["E"]),
        ("status=churned", &[]),
        ("unknown=x&slug=a", &["A"]),
    ] {
        assert_eq!(names(&client, query), found, "{query}");
    }
    for (query, code) in
        [("status=Active", "invalid_enum_value"), ("status=", "invalid_enum_value")]
    {
        client.get(&format!("/customers?{query}")).refused(400, code, "status");
    }
}

#[test]
fn a_search_matches_parts_of_name_slug_or_domain_in_any_case() {
    let server = Server::start();
    let client = server.client();
    for body in [
        json!({"name": "Aurora Søfart", "domain": "fjord.example"}),
        json!({"name": "Borealis", "slug": "north-star"}),
        json!({"name": "100% Organic_Foods", "plan": "fjord"}),
        json!({"name": "A*B?[x]", "slug": "literal"}),
    ] {
        client.post("/customers", body).expect(201);
    }
    for (query, found) in [
        ("q=aurora", &["Aurora Søfart"][..]),
        ("q=RORA", &["Aurora Søfart"]),
        ("q=S%C3%98FART", &["Aurora Søfart"]),
        ("q=sofart", &["Aurora Søfart"]),
        ("q=FJORD.ex", &["Aurora Søfart"]),
        ("q=fjord", &["Aurora Søfart"]),
        ("q=north-", &["Borealis"]),
        ("q=o", &["100% Organic_Foods", "Borealis", "Aurora Søfart"]),
        ("q=0%25", &["100% Organic_Foods"]),
        ("q=%25", &["100% Organic_Foods"]),
        ("q=_", &["100% Organic_Foods"]),
        ("q=a*b", &["A*B?[x]"]),
        ("q=*", &["A*B?[x]"]),
        ("q=%5Bx", &["A*B?[x]"]),
        ("q=aurora+s", &["Aurora Søfart"]),
        ("q=starborealis", &[]),
        ("q=%27", &[]),
    ] {
        assert_eq!(names(&client, query), found, "{query}");
    }
    // A search finds the new value after a change.
    let patch = json!({"name": "Australis", "slug": "south", "domain": "pole.example"});
    client.patch("/customers/2", patch).expect(200);
    for (query, found) in [
        ("q=borealis", &[][..]),
        ("q=north", &[]),
        ("q=AUSTRAL", &["Australis"]),
        ("q=sout", &["Australis"]),
        ("q=POLE", &["Australis"]),
    ] {
        assert_eq!(names(&client, query), found, "{query}");
    }
    client.patch("/customers/2", json!({"domain": null})).expect(200);
    assert_eq!(names(&client, "q=pole"), [""; 0]);
}

#[test]
fn combined_filters_must_all_match() {
    let server = Server::start();
    let client = server.client();
    let values = [
        ("status", ["active", "churned"]),
        ("domain", ["a.example", "b.example"]),
        ("hubspot_company_id", ["h1", "h2"]),
        ("stripe_customer_id", ["s1", "s2"]),
    ];
    for bits in 0..16_usize {
        let mut body = json!({"name": format!("N{}", bits % 3)});
        for (i, (name, choices)) in values.iter().enumerate() {
            body[*name] = json!(choices[bits >> i & 1]);
        }
        client.post("/customers", body).expect(201);
    }
    client.delete("/customers/6").expect(200);
    let all = client.walk("/customers");
    assert_eq!(all.len(), 15);
    // Each filter is absent or has one of two values: base-3 digits.
    for mut digits in 0..3_usize.pow(5) {
        let mut query = Vec::new();
        let mut holds: Vec<Condition> = Vec::new();
        for (name, choices) in values {
            if let Some(choice) = choices.get(digits % 3).copied() {
                query.push(format!("{name}={choice}"));
                holds.push(Box::new(move |item| item[name] == choice));
            }
            digits /= 3;
        }
        if digits > 0 {
            let part = format!("n{digits}");
            query.push(format!("q={part}"));
            holds.push(Box::new(move |item| {
                item["name"].as_str().unwrap().to_lowercase().contains(&part)
                    || item["slug"].as_str().unwrap().contains(&part)
            }));
        }
        let query = query.join("&");
        let expected: Vec<&Value> =
            all.iter().filter(|item| holds.iter().all(|hold| hold(item))).collect();
        let list = client.get(&format!("/customers?{query}")).expect(200);
        assert_eq!(list["data"], json!(expected), "{query}");
    }
    let one = all.iter().find(|item| item["status"] == "active").unwrap();
    let slug = one["slug"].as_str().unwrap();
    for (status, found) in [("active", 1), ("churned", 0)] {
        let list = client.get(&format!("/customers?slug={slug}&status={status}")).expect(200);
        assert_eq!(list["data"].as_array().unwrap().len(), found);
    }
}
