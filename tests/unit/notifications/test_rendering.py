"""Staff may write words, and nothing else; what customers are called stays text."""

import pytest
from django.template import TemplateSyntaxError

from apps.notifications.catalogue import MAIL_KINDS
from apps.notifications.consumers import TOLD, UNTOLD
from apps.notifications.rendering import subject_render, template_problems, template_render
from apps.notifications.services.templates import PARTS
from meshop_shared.events import event_schemas

SAMPLE = MAIL_KINDS["order_confirmation"].sample


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("kind", MAIL_KINDS.values(), ids=lambda kind: kind.key)
def test_the_first_words_can_be_sent(kind, part):
    source = kind.default(part)
    assert template_problems(source, kind.sample) == []
    text = template_render(source, kind.sample, html=part == "html")
    assert "{" not in text
    assert text or part == "html"


def test_every_event_of_orders_and_refunds_is_told_or_left_out_on_purpose():
    types = {type for type, _ in event_schemas() if type.startswith(("order.", "refund."))}
    assert types == TOLD.keys() | UNTOLD
    assert not TOLD.keys() & UNTOLD
    assert {told.template for told in TOLD.values()} | {"password_reset"} == MAIL_KINDS.keys()


@pytest.mark.parametrize(
    "source",
    [
        "{{ customer.__class__ }}",
        "{{ customer.keys }}",
        "{{ customer.clear }}",
        "{{ order.items.0.name }}",
        "{{ order.items.append }}",
        "{{ order.nubmer }}",
        "{{ settings.SECRET_KEY }}",
        "{{ request.user }}",
        "{{ reset.token }}",
        "{{ order.number|default:settings.SECRET_KEY }}",
        "{% if settings.DEBUG %}x{% endif %}",
        "{% if order.number and not settings.DEBUG %}x{% endif %}",
        "{% if order.number %}x{% elif y.z %}{% endif %}",
        "{% for x in order.items %}{{ x.__class__ }}{% endfor %}",
        "{% for x in order.items %}{{ forloop.parentloop }}{% endfor %}",
        "{% for x in order.items %}{% for y in order.items %}a{% endfor %}{% endfor %}",
        "{% for x in order.number %}a{% endfor %}",
        "{% for key, value in order.items %}a{% endfor %}",
        "{% load static %}",
        "{% include 'admin/base.html' %}",
        "{% extends 'admin/base.html' %}",
        "{% debug %}",
        "{% csrf_token %}",
        "{% autoescape off %}{{ order.number }}{% endautoescape %}",
        "{% with a=1 %}{% endwith %}",
        "{% url 'admin:index' %}",
        "{{ order.number|safe }}",
        "{{ order.number|ljust:999999999 }}",
        "{{ order.number|add:order.number }}",
        "{{ order.number",
        "{% if %}",
        "{% for x in order.items %}",
        "{{ order.number|_private }}",
        "{{ _order }}",
    ],
)
def test_what_is_refused_when_it_is_saved(source):
    if source == "{{ order.number":  # no tag at all, only text
        assert template_render(source, SAMPLE, html=False) == source
    else:
        assert template_problems(source, SAMPLE) != []


@pytest.mark.parametrize(
    "source",
    [
        "Plain",
        "{{ order.number }} {{ customer.first_name|default:'customer' }}",
        "{% for item in order.items %}{{ forloop.counter }} {{ item.name|upper }}{% empty %}-{% endfor %}",
        "{% if order.discount != '0.00' and not order.reason %}x{% else %}y{% endif %}",
        "{{ order.items|length }} item{{ order.items|length|pluralize }}",
    ],
)
def test_what_is_taken(source):
    assert template_problems(source, SAMPLE) == []
    assert template_render(source, SAMPLE, html=True)


@pytest.mark.parametrize("source", ["{% load static %}", "{% include 'x' %}", "{{ a|safe }}"])
def test_rendering_knows_no_more_than_checking(source):
    with pytest.raises(TemplateSyntaxError):
        template_render(source, {"a": 1}, html=False)


def test_what_customers_are_called_is_not_a_template():
    values = {"customer": {"first_name": "{{ shop.name }}{% load static %}"}, "shop": {"name": "Meshop"}}
    assert template_render("Hello {{ customer.first_name }}", values, html=False) == (
        "Hello {{ shop.name }}{% load static %}"
    )


def test_html_is_escaped_in_html_and_only_there():
    values = {"customer": {"first_name": "<script>alert('1')</script>&"}}
    html = template_render("<p>{{ customer.first_name }}</p>", values, html=True)
    assert html == "<p>&lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt;&amp;</p>"
    assert "<script>" in template_render("{{ customer.first_name }}", values, html=False)
    for filter in ("upper", "title", "capfirst", "lower", "linebreaksbr"):
        html = template_render(f"{{{{ customer.first_name|{filter} }}}}", values, html=True)
        assert "<s" not in html.lower()


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r", "\u2028", "\x0b", "\x85"])
def test_a_subject_is_one_line_whatever_it_is_made_of(break_):
    values = {"customer": {"first_name": f"Ada{break_}Bcc: all@example.com"}}
    subject = subject_render(f"Hello{break_}{{{{ customer.first_name }}}}", values)
    assert subject == "Hello Ada Bcc: all@example.com"
    assert len(subject.splitlines()) == 1
