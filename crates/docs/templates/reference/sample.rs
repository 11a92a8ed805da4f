{%- if request.needs_key -%}
use std::env;

{% endif -%}
use reqwest::Client;
{%- if body.is_some() %}
use serde_json::{Value, json};
{%- else %}
use serde_json::Value;
{%- endif %}
{%- if request.idempotency_header.is_some() %}
use uuid::Uuid;
{%- endif %}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let response = Client::new()
        .{{ method }}("{{ request.url }}")
{%- if request.needs_key %}
        .bearer_auth(env::var("PIVOTAL_API_KEY")?)
{%- endif %}
{%- if let Some(header) = request.idempotency_header %}
        .header("{{ header }}", Uuid::new_v4().to_string())
{%- endif %}
{%- if !request.query.is_empty() %}
        .query(&[{% for parameter in request.query %}("{{ parameter.name }}", "{{ parameter.url_value }}"){% if !loop.last %}, {% endif %}{% endfor %}])
{%- endif %}
{%- if let Some(body) = body %}
        .json(&json!({{ body }}))
{%- endif %}
        .send()
        .await?;

    let status = response.status();
    let body: Value = response.json().await?;
    if !status.is_success() {
        let message = body["error"]["message"].as_str().unwrap_or_default();
        return Err(format!("{status}: {message}").into());
    }
    println!("{body:#}");
    Ok(())
}
