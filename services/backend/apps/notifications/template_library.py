"""All the tags and filters that a mail template may use."""

from django.template import Library
from django.template import defaultfilters as filters
from django.template.defaulttags import do_for, do_if

register = Library()
register.tag("if", do_if)
register.tag("for", do_for)
for name in ("default", "upper", "lower", "title", "capfirst", "length", "linebreaksbr", "pluralize"):
    register.filter(name, getattr(filters, name))
