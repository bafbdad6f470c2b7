from apps.accounts.roles import PERMISSIONS_BY_ROLE


def test_the_five_staff_groups():
    assert set(PERMISSIONS_BY_ROLE) == {"catalogue", "orders", "support", "integrations", "analyst"}


def test_analysts_only_look_and_order_reports():
    looking = {codename for codename in PERMISSIONS_BY_ROLE["analyst"] if ".view_" in codename}
    assert set(PERMISSIONS_BY_ROLE["analyst"]) - looking == {"analytics.add_salesreport"}


def test_nobody_but_administrators_changes_accounts_or_stock():
    granted = {codename for codenames in PERMISSIONS_BY_ROLE.values() for codename in codenames}
    touching = {
        c for c in granted if c.startswith(("accounts.", "auth.", "inventory.")) and ".view_" not in c
    }
    assert touching == set()


def test_who_ships_who_moderates_who_edits():
    def holders(codename):
        return {role for role, codenames in PERMISSIONS_BY_ROLE.items() if codename in codenames}

    assert holders("orders.fulfil_order") == {"orders"}
    assert holders("orders.change_order") == {"orders", "support"}
    assert holders("products.moderate_review") == {"catalogue", "support"}
    assert holders("products.change_product") == {"catalogue"}
    assert holders("accounts.view_user") == {"support"}
