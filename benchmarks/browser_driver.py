"""Another driver of the same browser, a program of its own: ``python browser_driver.py RULE BROWSER [CHROMEDRIVER]``.

It reads visits as JSON, one a line, does each in a fresh context (selenium: a fresh browser), and prints what its rule
says the visit took, in seconds; null where the rule had not ended after `LONGEST` seconds.  It has nothing of ours.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypedDict

LONGEST = 5.0
"""Seconds."""


class Visit(TypedDict):
    """An address that is opened, or a page on which the button or link is clicked; the text that is then seen."""

    url: str
    click: str
    text: str


Driver = Callable[[Visit], float | None]


def main() -> int:
    """Answer line by line."""
    rule, browser, *more = sys.argv[1:]
    with _DRIVERS[rule](browser, *more) as visit:
        for line in sys.stdin:
            print(json.dumps(visit(json.loads(line))), flush=True)
    return 0


@contextmanager
def _playwright(browser: str, rule: Callable[[Any, Visit], float | None], script: str = "") -> Iterator[Driver]:
    api: Any = importlib.import_module("playwright.sync_api")  # one of the two is wanted
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser)

        def visit(wanted: Visit) -> float | None:
            context = chromium.new_context()
            context.set_default_timeout(LONGEST * 1000)
            if script:
                context.add_init_script(script)
            page = context.new_page()
            try:
                if wanted["click"]:
                    page.goto(wanted["url"])
                return rule(page, wanted)
            except api.Error:
                return None
            finally:
                context.close()

        yield visit
        chromium.close()


def _wall_clock(page: Any, wanted: Visit) -> float:
    """What a script that is written as Playwright's own pages teach it measures: act, wait for the text."""
    since = time.monotonic()
    _act(page, wanted)
    page.get_by_text(wanted["text"]).first.wait_for()
    return time.monotonic() - since


def _network_idle(page: Any, wanted: Visit) -> float:
    """Until half a second has passed without a request."""
    since = time.monotonic()
    _act(page, wanted)
    page.wait_for_load_state("networkidle")
    return time.monotonic() - since


def _page_activity(page: Any, wanted: Visit) -> float | None:
    """Datadog RUM's loading time: until the page has had no activity for 100 ms, but not before its load event."""
    page.evaluate("window.__begin && window.__begin()")
    _act(page, wanted)
    took = page.evaluate("window.__loadingTime()")
    return None if took is None else float(took) / 1000


def _act(page: Any, wanted: Visit) -> None:
    if wanted["click"]:
        page.get_by_text(wanted["click"], exact=True).click()
    else:
        page.goto(wanted["url"])


_ACTIVITY = """(() => {
  let pending = 0, last = 0, began = 0;
  const active = () => { last = performance.now(); };
  window.__begin = () => { began = last = performance.now(); };
  const fetched = window.fetch;
  window.fetch = (...all) => {
    pending += 1; active();
    return fetched(...all).finally(() => { pending -= 1; active(); });
  };
  new MutationObserver(active).observe(document, {
    childList: true, subtree: true, attributes: true, characterData: true });
  new PerformanceObserver(active).observe({ type: 'resource' });
  window.__loadingTime = () => new Promise((tell) => {
    const asked = performance.now();
    const look = () => {
      const now = performance.now();
      const [navigation] = performance.getEntriesByType('navigation');
      const loaded = began ? began : navigation.loadEventEnd;
      if (now - asked > %d) tell(null);
      else if (loaded && !pending && now - Math.max(last, loaded) > 100) tell(Math.max(last, loaded) - began);
      else setTimeout(look, 10);
    };
    look();
  });
})();""" % (LONGEST * 1000)  # noqa: UP031 -- JavaScript has braces


@contextmanager
def _selenium(browser: str, chromedriver: str) -> Iterator[Driver]:
    webdriver: Any = importlib.import_module("selenium.webdriver")

    def visit(wanted: Visit) -> float | None:
        options = webdriver.ChromeOptions()
        options.binary_location = browser
        for switch in ("--headless", "--no-sandbox"):
            options.add_argument(switch)
        driver = webdriver.Chrome(options, webdriver.ChromeService(chromedriver))
        try:
            if wanted["click"]:
                driver.get(wanted["url"])
            since = time.monotonic()
            if wanted["click"]:
                driver.find_element("xpath", f"//*[text()='{wanted['click']}']").click()
            else:
                driver.get(wanted["url"])
            while wanted["text"] not in driver.find_element("tag name", "body").text:
                if time.monotonic() - since > LONGEST:
                    return None
                time.sleep(0.05)
            return time.monotonic() - since
        finally:
            driver.quit()

    yield visit


_DRIVERS: dict[str, Callable[..., Any]] = {
    "playwright": lambda browser: _playwright(browser, _wall_clock),
    "networkidle": lambda browser: _playwright(browser, _network_idle),
    "datadog": lambda browser: _playwright(browser, _page_activity, _ACTIVITY),
    "selenium": _selenium,
}


if __name__ == "__main__":
    sys.exit(main())
