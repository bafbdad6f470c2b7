"""``/admin/`` as an administrator uses it: every list and every form opens."""

import re

import httpx
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

MODELS = {
    "accounts": {"user", "address", "tokenfamily"},
    "core": {"outboxevent", "idempotencyrecord"},
    "inventory": {"stockitem", "stockmovement", "stockreservation"},
    "orders": {"cart", "order"},
    "products": {"category", "tag", "product", "productreview", "wishlist"},
    "auth": {"group"},
}


@pytest.fixture
def backoffice(shop_url, administrator):
    """A session that is signed in at the admin's own form."""
    with httpx.Client(base_url=shop_url, follow_redirects=True, timeout=60) as http:
        form = http.get("/admin/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form.text)
        answer = http.post(
            "/admin/login/?next=/admin/",
            data={
                "username": administrator.email,
                "password": administrator.password,
                "csrfmiddlewaretoken": token[1],
            },
            headers={"Referer": f"{shop_url}/admin/login/"},
        )
        assert answer.url.path == "/admin/", answer.text[:1000]
        yield http


def links(html, pattern):
    return sorted(set(re.findall(pattern, html)))


def test_every_model_is_there(backoffice):
    found = links(backoffice.get("/admin/").text, r'href="/admin/(\w+)/(\w+)/"')
    for app, models in MODELS.items():
        assert models <= {model for name, model in found if name == app}, app


def test_every_list_form_and_search_opens(backoffice, staff, customer):
    customer.review(staff.add_product())
    customer.order(staff.add_product())
    index = backoffice.get("/admin/").text
    lists = links(index, r'href="(/admin/\w+/\w+/)"')
    adds = links(index, r'href="(/admin/\w+/\w+/add/)"')
    assert len(lists) >= 15
    assert len(adds) >= 5
    for path in [*lists, *adds, *(f"{path}?q=a" for path in lists)]:
        assert backoffice.get(path).status_code == 200, path


def test_the_first_row_of_every_list_opens(backoffice, staff, customer):
    customer.review(staff.add_product())
    customer.order(staff.add_product())
    opened = 0
    for path in links(backoffice.get("/admin/").text, r'href="(/admin/\w+/\w+/)"'):
        rows = re.findall(rf'href="({path}[^"/]+/change/)', backoffice.get(path).text)
        if rows:
            assert backoffice.get(rows[0]).status_code == 200, rows[0]
            opened += 1
    assert opened >= 8


@pytest.mark.parametrize("path", ["/admin/", "/admin/products/product/", "/admin/accounts/user/1/change/"])
def test_it_is_closed_to_everybody_else(shop_url, customer, path):
    for headers in ({}, {"Authorization": f"Bearer {customer.access}"}):
        answer = httpx.get(f"{shop_url}{path}", headers=headers, timeout=60)
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (302, "/admin/login/")


def test_customers_cannot_sign_in(shop_url, customer):
    with httpx.Client(base_url=shop_url, follow_redirects=True, timeout=60) as http:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', http.get("/admin/login/").text)
        form = {"username": customer.email, "password": customer.password, "csrfmiddlewaretoken": token[1]}
        answer = http.post(
            "/admin/login/?next=/admin/", data=form, headers={"Referer": f"{shop_url}/admin/login/"}
        )
        assert answer.url.path == "/admin/login/"


def test_an_administrator_signs_in_with_a_browser(browser, shop_url, administrator):
    browser.get(f"{shop_url}/admin/")
    browser.find_element(By.NAME, "username").send_keys(administrator.email)
    browser.find_element(By.NAME, "password").send_keys(administrator.password)
    browser.find_element(By.CSS_SELECTOR, "[type=submit]").click()
    WebDriverWait(browser, 30).until(lambda b: b.find_elements(By.LINK_TEXT, "Products"))
    browser.find_element(By.LINK_TEXT, "Products").click()
    WebDriverWait(browser, 30).until(lambda b: b.find_elements(By.CSS_SELECTOR, "#changelist"))
    sheet = browser.execute_script(
        "return document.styleSheets.length && document.styleSheets[0].cssRules.length"
    )
    assert sheet, "the admin's style sheet did not load"
