"""Open the page in Debian's Chromium."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright
from rich.console import Console

from load.faults.injectors import Pause
from load.faults.processes import driver_jvm
from stack.install.apt import require_browser
from stack.instance import Instance
from tests.support.waiting import PATIENCE_SECONDS

DESKTOP = {"width": 1280, "height": 860}
PHONE = {"width": 360, "height": 740}

NewPage = Callable[..., Page]


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Start Chromium. Raises OperatorError if Chromium is not installed."""
    chromium = require_browser(Console())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def pages(browser: Browser, instance: Instance) -> Iterator[NewPage]:
    """Yield a function that opens a page for another player. The pages share no cookies or storage.

    At the end, no page may have logged an error. A violation of the Content-Security-Policy counts as an error, too.
    The pages reduce motion, so that no element is measured or photographed while it fades in.
    """
    errors: list[str] = []
    contexts = []

    def note(message: ConsoleMessage) -> None:
        # Ignore the statuses 409 and 503. The browser logs them when the API refuses an action or asks the player to
        # wait, but the page has made no error.
        if message.type == "error" and not re.search("status of (409|503)", message.text):
            errors.append(message.text)

    def make(size: dict[str, int] = DESKTOP, scheme: str = "light", path: str = "/") -> Page:
        context = browser.new_context(
            viewport=size,
            color_scheme=scheme,
            has_touch=size is PHONE,
            base_url=instance.settings().api_url,
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(path)
        return page

    expect.set_options(timeout=PATIENCE_SECONDS * 1000)
    yield make
    for context in contexts:
        context.close()
    assert errors == []


def register(page: Page, realm: int = 2, name: str = "player") -> str:
    """Register a new player on this page and wait until the registration is settled. Returns the player's name."""
    name = f"{name}_{uuid4().hex[:6]}"
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Realm", exact=True).select_option(str(realm))
    page.get_by_role("button", name="Enter the realm").click()
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    return name


def go(page: Page, view: str) -> None:
    page.get_by_role("link", name=view, exact=True).click()
    expect(page.locator("h1")).to_be_focused()


def settled(page: Page, text: str) -> None:
    """Wait until the list of recent events on the page shows the text."""
    expect(page.get_by_role("list", name="What happened, newest first")).to_contain_text(text)


def purse(page: Page, text: str) -> None:
    expect(page.locator("#purse")).to_have_text(re.compile(rf"\s*{text}\s*"))


@contextmanager
def stopped(instance: Instance) -> Iterator[None]:
    """Pause Spark during the block, so that no event is settled."""
    stream = Pause("the stream stands still", "streaming", driver_jvm, 0)
    stream.inject(instance)
    try:
        yield
    finally:
        stream.heal(instance)


def found_guild(leader: Page, member: Page) -> None:
    """Let the leader found a guild, let the member join it, and let the leader put gold into the treasury."""
    name = f"knights{uuid4().hex[:4]}"
    go(leader, "Guild")
    leader.get_by_label("Name of the guild").fill(name)
    leader.get_by_role("button", name="Found the guild").click()
    expect(leader.get_by_role("heading", name=f"Guild {name}")).to_be_visible()
    go(member, "Guild")
    member.get_by_role("button", name=f"Join {name}").click()
    settled(member, f"You joined the guild {name}")
    leader.get_by_label("Gold to deposit").fill("12")
    leader.get_by_role("button", name="Deposit").click()
    settled(leader, "You put 12 gold into the treasury")
    expect(leader.get_by_role("table", name="Members, the earliest first").get_by_role("row")).to_have_count(3)
