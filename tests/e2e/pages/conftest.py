"""A real browser: Debian's Chromium, headless, that can reach this machine and nothing else."""

import os
import shutil
from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from tools.servers.debian import ensure_installed


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's program, installed when that is possible here."""
    found = shutil.which("chromium") and shutil.which("chromedriver")
    if not found and not ensure_installed(("chromium", "chromium-driver")):
        pytest.skip("Debian's chromium and chromium-driver are missing and cannot be installed here")
    return str(shutil.which("chromium"))


@pytest.fixture
def browser(chromium: str, tmp_path) -> Iterator[webdriver.Chrome]:
    """A window with an empty profile. Names other than this machine's address do not resolve."""
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (
        "--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,1600",
        "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
        f"--user-data-dir={tmp_path / 'profile'}",
    ):  # fmt: skip
        options.add_argument(argument)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
    try:
        driver.set_page_load_timeout(60)
        yield driver
    finally:
        driver.quit()
