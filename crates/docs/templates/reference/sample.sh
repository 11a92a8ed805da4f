curl -sS --fail-with-body
{%- if request.method == "PATCH" || request.method == "DELETE" %} -X {{ request.method }}{% endif %} "{{ request.address }}
{%- for sent in request.query %}{% if loop.first %}?{% else %}&{% endif %}{{ sent.name }}={{ sent.text }}{% endfor %}"
{%- if request.needs_key %} \
  -H "Authorization: Bearer $PIVOTAL_API_KEY"
{%- endif %}
{%- if let Some(header) = request.idempotency %} \
  -H "{{ header }}: $(uuidgen)"
{%- endif %}
{%- if let Some(body) = body %} \
  -H "Content-Type: application/json" \
  -d '{{ body }}'
{%- endif %}
