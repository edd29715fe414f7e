"""Pages rendered by our environment are those of plain Jinja, byte for byte, in each language."""

from __future__ import annotations

import re

import pytest
from jinja2 import DictLoader, Environment, StrictUndefined

from wildcore.i18n import LANGUAGES
from wildcore.kit.http import Context, Template
from wildcore.web.prefix import html_with_root
from wildcore.web.quick_templates import QuickEnvironment
from wildcore.web.templating import Frame, Templates

from .conftest import World
from .polled import polled_network


async def test_every_page_is_what_plain_jinja_makes(whole: World, monkeypatch: pytest.MonkeyPatch) -> None:
    plain: dict[int, Environment] = {}
    seen: set[str] = set()
    differ: list[str] = []
    render = Templates.render

    def plainly(templates: Templates, template: Template, ctx: Context, frame: Frame) -> str:
        own = templates.environment
        if id(templates) not in plain:
            plain[id(templates)] = one = Environment(
                loader=own.loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
            )
            one.filters, one.globals = own.filters, own.globals
        values = {**templates._base(ctx, frame), **template.values}
        return html_with_root(ctx.request.root, plain[id(templates)].get_template(template.name).render(values))

    def both(templates: Templates, template: Template, ctx: Context, frame: Frame) -> str:
        text = ""
        for _attempt in range(5):  # times are told to the second, and one may pass between the two
            text = render(templates, template, ctx, frame)
            if text == plainly(templates, template, ctx, frame):
                break
        else:
            differ.append(template.name)
        seen.add(template.name)
        return text

    monkeypatch.setattr(Templates, "render", both)
    async with polled_network(whole) as facts:
        known = {
            "device_id": facts["olt"],
            "interface_id": facts["onu"],
            "ident": facts["ident"],
            "user_id": "1",
            "role_id": facts["role"],
        }
        paths = [route.path for route in whole.app.state.routes if route.target.kind != "api" and "GET" in route.methods]
        broken = []
        for language in LANGUAGES:
            key = whole.key(whole.user(f"owner {language}", language=language, all_groups=True))
            async with whole.client(key) as client:
                for path in paths if language == "uk" else [one for one in paths if "/iframe/" in one]:
                    asked = re.sub(r"\{(\w+)[^}]*\}", lambda part: known.get(part[1], "1"), path)
                    answer = await client.get(asked)
                    if answer.status_code >= 500:
                        broken.append((language, asked, answer.status_code))
    assert (broken, differ) == ([], [])
    assert {"interface/page.html", "devices/list.html", "error.html"} <= seen
    assert len(seen) > 40


def test_a_library_that_reads_the_page_gets_it() -> None:
    sources = {
        "plain.html": "{% macro bold(text) %}<b>{{ text }}</b>{% endmacro %}",
        "reads.html": "{% macro who() %}{{ person }}{% endmacro %}",
        "between.html": '{% import "reads.html" as reads with context %}{% macro whose() %}{{ reads.who() }}{% endmacro %}',
        "page.html": '{% from "plain.html" import bold with context %}{% from "between.html" import whose with context %}'
        "{{ bold(_('<Copied>')) }} {{ bold('<') }} {{ whose() }}{% set _ = bold %}",
    }
    environment = QuickEnvironment(loader=DictLoader(sources), autoescape=True, undefined=StrictUndefined)
    environment.globals["_"] = str
    assert [environment.reads_page(name) for name in sources] == [False, True, True, True]
    pages = [environment.spoken().get_template("page.html") for _again in range(2)]
    texts = [page.render(person=person) for page, person in zip(pages, ("<one>", "other"), strict=True)]
    assert texts == ["<b>&lt;Copied&gt;</b> <b>&lt;</b> &lt;one&gt;", "<b>&lt;Copied&gt;</b> <b>&lt;</b> other"]
