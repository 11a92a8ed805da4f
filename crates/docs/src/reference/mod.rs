//! Generates the API reference from the OpenAPI document: Markdown with code samples, and a console
//! that sends requests.
//!
//! `document` reads the document. `endpoint`, `response`, and `field` collect everything that a page
//! shows and fail if anything is missing. `page`, `samples`, and `console` fill the templates.

mod console;
mod document;
mod endpoint;
mod error;
mod field;
mod literal;
mod page;
mod phrases;
mod response;
mod samples;
mod schema;
mod types;

use serde_json::Value;

use document::Document;
use endpoint::Endpoint;
use error::Error;
use samples::Request;

/// A page of the reference. Its links are relative to `docs/<path>.md`.
pub struct Page {
    /// The path below `/docs`, such as `reference/create-customer`.
    pub path: String,
    /// Begins with the title and a paragraph that describes the page.
    pub markdown: String,
    /// `None` for the index of all endpoints.
    pub operation: Option<Operation>,
}

/// The endpoint that a page is about.
pub struct Operation {
    /// Such as `POST`.
    pub method: &'static str,
    /// The path below the base path, such as `/customers/{id}`.
    pub path: String,
    /// The group in the navigation, such as `Customers`.
    pub tag: String,
    /// The HTML of the console, a `<section id="try-it">`. It needs `assets/try.js` and
    /// `assets/try.css`.
    pub console: String,
}

/// Returns the index of all endpoints, whose path is `reference`, followed by a page for each
/// endpoint in the order of the tags.
pub fn pages(openapi: &Value) -> Result<Vec<Page>, Error> {
    let document = Document::parse(openapi)?;
    let [server] = document.servers.as_slice() else {
        return Err(Error::new("the document must list exactly one server"));
    };
    let endpoints = Endpoint::all(&document)?;
    let mut pages = vec![Page {
        path: "reference".to_owned(),
        markdown: page::index(&server.url, &document.tags, &endpoints)?,
        operation: None,
    }];
    for endpoint in &endpoints {
        let page = page(&server.url, endpoint).map_err(|error| error.context(endpoint.id))?;
        pages.push(page);
    }
    Ok(pages)
}

fn page(server: &str, endpoint: &Endpoint<'_>) -> Result<Page, Error> {
    let request = Request::new(server, endpoint)?;
    Ok(Page {
        path: format!("reference/{}", endpoint.id),
        markdown: page::page(server, endpoint, &request)?,
        operation: Some(Operation {
            method: endpoint.method,
            path: endpoint.path.to_owned(),
            tag: endpoint.tag.to_owned(),
            console: console::console(server, endpoint)?,
        }),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A document with one endpoint.
    fn document() -> Value {
        let content = |example| json!({"application/json": {"schema": {}, "example": example}});
        json!({
            "servers": [{"url": "https://pivotal.example.com/api/v1"}],
            "tags": [{"name": "Contacts"}],
            "components": {},
            "paths": {"/contacts/{id}": {"patch": {
                "operationId": "update-contact",
                "tags": ["Contacts"],
                "summary": "Update a contact",
                "description": "Changes what is sent.",
                "security": [{"key": ["write:contacts"]}],
                "parameters": [{
                    "name": "id", "in": "path", "required": true, "schema": {"type": "string"}, "example": "1",
                    "description": "One | the other,\nas always. Addition: both.",
                }],
                "requestBody": {"content": content(json!({"name": "Maya's"}))},
                "responses": {"200": {"description": "It.", "content": content(json!({"id": "c"}))}},
            }}},
        })
    }

    fn page(document: &Value) -> String {
        pages(document).unwrap().remove(1).markdown
    }

    #[test]
    fn a_page_has_a_sample_in_every_language_with_its_path_filled_in() {
        let page = page(&document());
        for tab in
            ["bash tab=cURL", "typescript tab=TypeScript", "python tab=Python", "rust tab=Rust"]
        {
            assert!(page.contains(&format!("```{tab}\n")), "{tab}: {page}");
        }
        assert_eq!(page.matches("https://pivotal.example.com/api/v1/contacts/1\"").count(), 4);
    }

    #[test]
    fn a_quote_in_the_body_is_escaped_in_the_curl_command() {
        assert!(page(&document()).contains(r#""name": "Maya'\''s""#));
    }

    #[test]
    fn a_description_is_escaped_for_its_table_cell() {
        let cell =
            r"| `id` *required* | string | One \| the other, as always. **Addition:** both. |";
        assert!(page(&document()).contains(cell));
    }

    #[test]
    fn a_header_is_listed_with_the_statuses_that_have_it() {
        let mut document = document();
        let responses = &mut document["paths"]["/contacts/{id}"]["patch"]["responses"];
        responses["200"]["headers"] = json!({
            "X-Always": {"required": true, "description": "One."},
            "X-Mostly": {"description": "Two."},
        });
        responses["401"] = json!({"description": "No.", "headers": {"X-No": {"required": true}}});
        responses["403"] = responses["200"].clone();
        let page = page(&document);
        for row in [
            "| `X-Always` | all except 401 | One. |",
            "| `X-Mostly` | all except 401 (not always) | Two. |",
            "| `X-No` | 401 |  |",
        ] {
            assert!(page.contains(row), "{row}: {page}");
        }
    }

    #[test]
    fn text_in_the_console_is_escaped() {
        let mut document = document();
        let patch = "/paths/~1contacts~1{id}/patch";
        *document
            .pointer_mut(&format!("{patch}/requestBody/content/application~1json/example"))
            .unwrap() = json!({"name": "</textarea><script>"});
        let operation = pages(&document).unwrap().remove(1).operation.unwrap();
        assert_eq!((operation.method, operation.tag.as_str()), ("PATCH", "Contacts"));
        assert!(operation.console.contains("data-path=\"/api/v1/contacts/{id}\""));
        assert!(!operation.console.contains("<script>"));
    }

    #[test]
    fn a_missing_part_is_reported_with_the_operation_id() {
        for (pointer, value, problem) in [
            ("tags", json!([]), "update-contact: it must have exactly one tag"),
            (
                "tags",
                json!(["Unknown"]),
                "update-contact: its tag Unknown is not declared in the document",
            ),
            (
                "responses",
                json!({}),
                "update-contact: it has no successful response with an example",
            ),
            (
                "parameters",
                json!([{"$ref": "#/components/parameters/Id"}]),
                "update-contact: #/components/parameters/Id is not among the parameters",
            ),
            ("requestBody", json!({"content": {}}), "update-contact: its request body is not JSON"),
            (
                "parameters",
                json!([{"name": "id", "in": "path", "schema": {}}]),
                "update-contact: its parameter id has no example",
            ),
        ] {
            let mut document = document();
            document["paths"]["/contacts/{id}"]["patch"][pointer] = value;
            assert_eq!(
                pages(&document).err().map(|error| error.to_string()).as_deref(),
                Some(problem)
            );
        }
    }
}
