"""The dashboard in the admin: plots without script or style in the page, for those who may see sales."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.analytics import models
from tests.integration.analytics.test_api import history
from tests.support.factories import user_make

pytestmark = pytest.mark.django_db(transaction=True)
MAY = {"start": "2026-05-01", "end": "2026-05-31"}


@pytest.fixture
def admin():
    client = Client()
    client.force_login(user_make(is_staff=True, is_superuser=True))
    return client


def page(client, **query):
    return client.get(reverse("admin:analytics_dashboard"), query)


def test_it_shows_the_period(admin):
    history(days=3)
    answer = page(admin, **MAY)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert re.search(r"<dt>Orders</dt><dd>9</dd>", html)
    assert "24.30" in html
    assert "Article A" in html or ">Product" in html
    assert html.count("<svg") >= 5
    assert len(re.findall(r'<polyline class="(?:total|net)" points="[\d., ]+"', html)) == 2


def test_nothing_in_it_needs_an_exception_from_the_policy(admin):
    history(days=1)
    answer = page(admin, **MAY)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    body = answer.content.decode().partition("<main")[2] or answer.content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)|\bon\w+=|\sstyle=|<style", body)


def test_an_empty_shop_and_bad_questions(admin):
    assert b"Nothing yet." in page(admin).content
    for query in ({"start": "x"}, {"currency": "<script>"}, {"start": "2026-05-02", "end": "2026-05-01"}):
        answer = page(admin, **query)
        assert answer.status_code == 200
        assert b"errornote" in answer.content
        assert b"<script>" not in answer.content


def test_names_are_escaped(admin):
    history(days=1)
    models.SoldArticle.objects.update(name="<script>alert(1)</script>")
    assert b"<script>alert" not in page(admin, **MAY).content


def test_queries_do_not_grow(admin):
    history(customers=1, days=1)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            page(admin, **MAY)
        return len(captured)

    first = queries()
    models.SoldArticle.objects.bulk_create(models.SoldArticle(sku=f"Q{n}", name=f"Q{n}") for n in range(30))
    models.ProductAnalytics.objects.bulk_create(
        models.ProductAnalytics(day="2026-05-02", currency="GBP", article=article, revenue_minor=5)
        for article in models.SoldArticle.objects.filter(sku__startswith="Q")
    )
    assert queries() == first


def test_who_may_see_it():
    assert page(Client()).status_code == 302
    for user, status in ((user_make(), 302), (user_make(is_staff=True), 403)):
        client = Client()
        client.force_login(user)
        assert page(client).status_code == status
    analyst = user_make(is_staff=True)
    analyst.user_permissions.add(Permission.objects.get(codename="view_dailysales"))
    client = Client()
    client.force_login(analyst)
    assert page(client).status_code == 200
    assert b"Dashboard" in client.get(reverse("admin:analytics_dailysales_changelist")).content


@pytest.mark.parametrize("model", ["dailysales", "productanalytics", "categoryanalytics", "useractivity",
                                   "customersegment", "salesreport", "reportchunk", "soldarticle",
                                   "ordercontribution", "articlecontribution", "dirtyorder"])  # fmt: skip
def test_every_list_opens_and_nobody_edits(admin, model):
    history(days=1)
    assert admin.get(reverse(f"admin:analytics_{model}_changelist"), {"q": "1"}).status_code == 200
    assert admin.get(reverse(f"admin:analytics_{model}_add")).status_code == 403
