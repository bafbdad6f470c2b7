"""Staff change the words, look at the result, and see what became of mails."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.notifications.catalogue import MAIL_KINDS
from apps.notifications.models import EmailLog, EmailTemplate
from apps.notifications.services.pruning import notifications_prune
from tests.support.factories import notification_make, user_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    client = Client()
    client.force_login(user_make(is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def support():
    user = user_make(is_staff=True)
    user.groups.add(Group.objects.get(name="support"))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def template():
    return EmailTemplate.objects.get(key="order_shipped")


def url(name, *args):
    return reverse(f"admin:notifications_{name}", args=args)


def log_make(**fields):
    values = {"template": "order_shipped", "recipient": "a@example.com", "message_id": "<1@x>"} | fields
    return EmailLog.objects.create(event_id="0" * 32, next_attempt_at=timezone.now(), **values)


def test_migrating_makes_every_template_and_keeps_what_staff_wrote(template):
    assert set(EmailTemplate.objects.values_list("key", flat=True)) == MAIL_KINDS.keys()
    assert template.subject == MAIL_KINDS["order_shipped"].default("subject")


def test_editing(admin, template):
    page = admin.get(url("emailtemplate_change", template.pk))
    assert b"order.tracking" in page.content
    words = {"subject": "{{ order.number }} has left", "text": "Track {{ order.tracking }}", "html": ""}
    assert admin.post(url("emailtemplate_change", template.pk), words).status_code == 302
    template.refresh_from_db()
    assert template.text == "Track {{ order.tracking }}"


@pytest.mark.parametrize(
    "bad", ["{{ order.trakcing }}", "{% load static %}", "{% if %}", "{{ a.__class__ }}"]
)
@pytest.mark.parametrize("part", ["subject", "text", "html"])
def test_what_could_not_be_sent_is_not_saved(admin, template, part, bad):
    words = {"subject": "a", "text": "b", "html": "c"} | {part: bad}
    page = admin.post(url("emailtemplate_change", template.pk), words)
    assert page.status_code == 200
    assert part in page.context["adminform"].form.errors
    template.refresh_from_db()
    assert template.subject == MAIL_KINDS["order_shipped"].default("subject")


def test_the_preview_runs_nothing_of_what_staff_wrote(admin, template):
    template.html = '<script>alert(1)</script>"><script>alert(2)</script>{{ order.tracking }}'
    template.save()
    page = admin.get(url("emailtemplate_preview", template.pk)).content.decode()
    assert "1Z999AA10123456784" in page
    assert '<iframe sandbox=""' in page
    assert "<script>alert" not in page


def test_every_template_has_a_preview(admin):
    for template in EmailTemplate.objects.all():
        assert admin.get(url("emailtemplate_preview", template.pk)).status_code == 200


def test_back_to_the_first_words(admin, template):
    EmailTemplate.objects.update(subject="x", text="y", html="z")
    selected = {"action": "reset", "_selected_action": [template.pk]}
    assert admin.post(url("emailtemplate_changelist"), selected).status_code == 302
    template.refresh_from_db()
    assert template.html == MAIL_KINDS["order_shipped"].default("html")
    assert EmailTemplate.objects.filter(subject="x").count() == len(MAIL_KINDS) - 1


def test_kinds_are_neither_added_nor_deleted(admin, template):
    assert admin.get(url("emailtemplate_add")).status_code == 403
    assert admin.post(url("emailtemplate_delete", template.pk)).status_code == 403


def test_a_kind_that_this_release_does_not_know_breaks_no_page(admin):
    gone = EmailTemplate.objects.create(key="gone", subject="a", text="b")
    assert admin.get(url("emailtemplate_changelist")).status_code == 200
    assert admin.get(url("emailtemplate_preview", gone.pk)).status_code == 404


def test_support_sends_again_and_changes_no_words(support, template):
    failed, under_way = log_make(state="failed", attempts=10), log_make(state="sending", template="x")
    selected = {"action": "send_again", "_selected_action": [failed.pk, under_way.pk]}
    assert support.post(url("emaillog_changelist"), selected).status_code == 302
    failed.refresh_from_db()
    under_way.refresh_from_db()
    assert (failed.state, failed.attempts, under_way.state) == ("queued", 0, "sending")
    assert support.post(url("emailtemplate_change", template.pk), {"subject": "x"}).status_code == 403
    assert support.get(url("emailtemplate_preview", template.pk)).status_code == 200


def test_whoever_may_not_see_templates_sees_no_preview(template):
    client = Client()
    client.force_login(user_make(is_staff=True))
    assert client.get(url("emailtemplate_preview", template.pk)).status_code == 403


def test_old_rows_go_and_unfinished_mails_stay():
    old = timezone.now() - timezone.timedelta(days=400)
    log_make(state="sent", created_at=old)
    waiting = log_make(state="queued", created_at=old, template="x")
    fresh = log_make(state="sent", template="y")
    notification_make(user=user_make(), created_at=old)
    entry = notification_make(user=user_make())
    assert notifications_prune() == 2
    assert set(EmailLog.objects.all()) == {waiting, fresh}
    assert list(type(entry).objects.all()) == [entry]
