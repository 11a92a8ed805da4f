import json
{%- if request.needs_key %}
import os
{%- endif %}
import sys
{%- if request.idempotency_header.is_some() %}
import uuid
{%- endif %}

import httpx

{% if is_plain -%}
response = httpx.{{ method }}("{{ request.url }}")
{%- else -%}
response = httpx.{{ method }}(
    "{{ request.url }}",
{%- if !request.query.is_empty() %}
    params={ {%- for parameter in request.query %}"{{ parameter.name }}": {{ parameter.value }}{% if !loop.last %}, {% endif %}{% endfor -%} },
{%- endif %}
{%- if let Some(header) = request.idempotency_header %}
    headers={
        "Authorization": f"Bearer {os.environ['PIVOTAL_API_KEY']}",
        "{{ header }}": str(uuid.uuid4()),
    },
{%- else if request.needs_key %}
    headers={"Authorization": f"Bearer {os.environ['PIVOTAL_API_KEY']}"},
{%- endif %}
{%- if let Some(body) = body %}
    json={{ body }},
{%- endif %}
)
{%- endif %}
if response.is_error:
    sys.exit(f"{response.status_code}: {response.json()['error']['message']}")

{{ request.variable }} = response.json()
print(json.dumps({{ request.variable }}, indent=2))
