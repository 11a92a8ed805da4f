curl -sS --fail-with-body
{%- if request.method == "PATCH" || request.method == "DELETE" %} -X {{ request.method }}{% endif %} "{{ request.url }}
{%- for parameter in request.query %}{% if loop.first %}?{% else %}&{% endif %}{{ parameter.name }}={{ parameter.url_value }}{% endfor %}"
{%- if request.needs_key %} \
  -H "Authorization: Bearer $PIVOTAL_API_KEY"
{%- endif %}
{%- if let Some(header) = request.idempotency_header %} \
  -H "{{ header }}: $(uuidgen)"
{%- endif %}
{%- if let Some(body) = body %} \
  -H "Content-Type: application/json" \
  -d '{{ body }}'
{%- endif %}
