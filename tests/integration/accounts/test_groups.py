import pytest
from django.contrib.auth.models import Group

from apps.accounts.roles import PERMISSIONS_BY_ROLE
from apps.accounts.services import groups
from apps.accounts.services.groups import groups_sync
from tests.support.factories import user_make

pytestmark = pytest.mark.django_db


def granted(role):
    rows = Group.objects.get(name=role).permissions.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in rows}


@pytest.mark.parametrize("role", PERMISSIONS_BY_ROLE)
def test_migrating_makes_the_groups(role):
    assert granted(role) == set(PERMISSIONS_BY_ROLE[role])
    user = user_make()
    user.groups.add(Group.objects.get(name=role))
    assert user.get_all_permissions() == set(PERMISSIONS_BY_ROLE[role])


def test_again_changes_nothing_and_drift_is_undone(django_assert_max_num_queries):
    Group.objects.get(name="orders").permissions.clear()
    support = Group.objects.get(name="support")
    support.permissions.add(*Group.objects.get(name="catalogue").permissions.all())
    own = Group.objects.create(name="own")
    groups_sync()
    assert granted("orders") == set(PERMISSIONS_BY_ROLE["orders"])
    assert granted("support") == set(PERMISSIONS_BY_ROLE["support"])
    assert own.permissions.count() == 0
    with django_assert_max_num_queries(25):
        groups_sync()


def test_a_typo_is_named(monkeypatch):
    monkeypatch.setattr(groups, "PERMISSIONS_BY_ROLE", {"catalogue": ("products.ad_product",)})
    with pytest.raises(LookupError, match=r"products\.ad_product"):
        groups_sync()
