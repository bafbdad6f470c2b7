"""Faults on purpose: only where they are allowed, only as long as they were asked for."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.core import faults
from apps.core.models import FaultSwitch

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def allowed(settings, monkeypatch):
    settings.MESHOP = settings.MESHOP.model_copy(update={"meshop_faults": "on"})
    monkeypatch.setattr(faults, "_LOOK_EVERY_S", -1.0)


def test_nothing_can_be_broken_unless_that_is_allowed():
    FaultSwitch.objects.create(name="leak", strength=1, until=timezone.now() + timedelta(hours=1))
    assert faults.fault("leak") == 0
    with pytest.raises(CommandError, match="MESHOP_FAULTS=on"):
        call_command("fault", "leak")


def test_a_switch_is_on_until_its_time_is_over(allowed):
    call_command("fault", "leak", "--strength", "2", "--seconds", "60")
    assert faults.fault("leak") == 2
    assert faults.fault("stuck-relay") == 0
    FaultSwitch.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert faults.fault("leak") == 0


def test_setting_it_again_changes_it_and_clearing_ends_all(allowed):
    faults.fault_set(name="leak", strength=1, seconds=60)
    faults.fault_set(name="leak", strength=3, seconds=60)
    faults.fault_set(name="slow-ai", strength=1, seconds=60)
    assert faults.fault("leak") == 3
    call_command("fault", "--clear")
    assert faults.fault("leak") == faults.fault("slow-ai") == 0


@pytest.mark.parametrize(
    ("name", "strength", "seconds"),
    [("nonsense", 1, 60), ("leak", -1, 60), ("leak", 1, 0), ("leak", 1, 3601)],
)
def test_what_makes_no_sense_is_refused(allowed, name, strength, seconds):
    with pytest.raises(CommandError):
        call_command("fault", name, "--strength", str(strength), "--seconds", str(seconds))
    assert not FaultSwitch.objects.exists()


def test_requests_fail_and_are_slow_as_asked(allowed, client):
    assert client.get("/api/health/").status_code == 200
    faults.fault_set(name="failing-requests", strength=1, seconds=60)
    failed = client.get("/api/health/")
    assert (failed.status_code, failed.json()["code"]) == (500, "internal_error")
    assert client.get("/healthz").status_code == 200
