import json
{%- if request.needs_key %}
import os
{%- endif %}
import sys
{%- if request.idempotency.is_some() %}
import uuid
{%- endif %}

import httpx

{% if is_plain -%}
response = httpx.{{ method }}("{{ request.address }}")
{%- else -%}
response = httpx.{{ method }}(
    "{{ request.address }}",
{%- if !request.query.is_empty() %}
    params={ {%- for sent in request.query %}"{{ sent.name }}": {{ sent.value }}{% if !loop.last %}, {% endif %}{% endfor -%} },
{%- endif %}
{%- if let Some(header) = request.idempotency %}
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

{{ request.answer }} = response.json()
print(json.dumps({{ request.answer }}, indent=2))
