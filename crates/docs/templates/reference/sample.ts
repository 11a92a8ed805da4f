{% if !request.query.is_empty() -%}
const query = new URLSearchParams({ {% for parameter in request.query %}{{ parameter.name }}: "{{ parameter.url_value }}"{% if !loop.last %}, {% endif %}{% endfor %} });
const response = await fetch(`{{ request.url }}?${query}`
{%- else -%}
const response = await fetch("{{ request.url }}"
{%- endif %}
{%- if !is_plain %}, {
{%- if let Some(method) = method %}
  method: "{{ method }}",
{%- endif %}
{%- if request.idempotency_header.is_some() || body.is_some() %}
  headers: {
    Authorization: `Bearer ${process.env.PIVOTAL_API_KEY}`,
{%- if body.is_some() %}
    "Content-Type": "application/json",
{%- endif %}
{%- if let Some(header) = request.idempotency_header %}
    "{{ header }}": crypto.randomUUID(),
{%- endif %}
  },
{%- else %}
  headers: { Authorization: `Bearer ${process.env.PIVOTAL_API_KEY}` },
{%- endif %}
{%- if let Some(body) = body %}
  body: JSON.stringify({{ body }}),
{%- endif %}
}
{%- endif %});
if (!response.ok) {
  const { error } = (await response.json()) as { error: { message: string } };
  throw new Error(`${response.status}: ${error.message}`);
}

const {{ request.variable }} = await response.json();
console.log(JSON.stringify({{ request.variable }}, null, 2));
