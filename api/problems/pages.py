"""Render the HTML pages that the ``type`` of a problem links to. Their readers are developers of clients."""

from flask import Response, render_template_string

from api.page import protect
from api.problems.types import KINDS

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }} - Guildhall</title><link rel="stylesheet" href="/static/vendor/pico.min.css"></head>
<body><main class="container"><h1>{{ title }}</h1>
{% if kinds|length > 1 %}<p>Every error is a problem details object (RFC 9457). Its <code>type</code> is one of these
and never changes; <code>detail</code> is for people.</p>{% endif %}
<div class="overflow-auto" tabindex="0" role="region" aria-label="Types of problems"><table>
<thead><tr><th scope="col">type</th><th scope="col">status</th><th scope="col">title</th>
<th scope="col">what to do</th></tr></thead>
<tbody>{% for code, kind in kinds.items() %}<tr><th scope="row"><a href="/problems/{{ code }}">/problems/{{ code }}</a>
</th><td>{{ kind.status.value }}</td><td>{{ kind.title }}</td><td>{{ kind.remedy }}</td></tr>{% endfor %}</tbody>
</table></div>
{% if kinds|length == 1 %}<p><a href="/problems">All types of problems</a></p>{% endif %}</main></body></html>
"""


def page_of_all() -> Response:
    """Return the page with all types in one table."""
    return protect(Response(render_template_string(_PAGE, title="Problems", kinds=KINDS)))


def page_of(code: str) -> Response:
    """Return the page that explains one type. Raises KeyError if there is no type with this code."""
    return protect(Response(render_template_string(_PAGE, title=KINDS[code].title, kinds={code: KINDS[code]})))
