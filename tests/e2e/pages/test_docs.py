"""``/api/docs/`` in a real browser: it shows every operation, and asks no other machine for anything."""

import json
from urllib.parse import urlsplit

from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait


def asked_hosts(browser):
    """Hosts that the page sent requests to."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sent = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    return {urlsplit(url).netloc for url in sent if urlsplit(url).scheme in ("http", "https", "ws", "wss")}


def wait_for(browser, selector):
    return WebDriverWait(browser, 60).until(lambda b: b.find_elements(By.CSS_SELECTOR, selector))


def test_it_shows_every_operation(browser, shop_url, guest):
    schema = guest.send("GET", "schema/", headers={"Accept": "application/json"}).json()
    expected = {(m.upper(), path) for path, methods in schema["paths"].items() for m in methods}

    browser.get(f"{shop_url}/api/docs/")
    blocks = wait_for(browser, ".opblock-summary")
    shown = {
        (
            block.find_element(By.CSS_SELECTOR, ".opblock-summary-method").text,
            block.find_element(By.CSS_SELECTOR, ".opblock-summary-path").get_attribute("data-path"),
        )
        for block in blocks
    }
    assert shown == expected
    assert "Meshop" in browser.title
    assert not [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert asked_hosts(browser) == {urlsplit(shop_url).netloc}


def test_an_operation_opens_and_can_be_tried(browser, shop_url):
    browser.get(f"{shop_url}/api/docs/")
    wait_for(browser, ".opblock-summary")
    browser.find_element(By.CSS_SELECTOR, '[data-path="/api/health/"]').click()
    wait_for(browser, ".try-out__btn")[0].click()
    wait_for(browser, ".btn.execute")[0].click()
    answer = wait_for(browser, ".live-responses-table .microlight")[0]
    assert "healthy" in answer.text
