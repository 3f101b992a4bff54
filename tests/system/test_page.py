"""The page, in Debian's Chromium: two players fight, the stream is stopped, and axe and a keyboard go everywhere."""

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright
from rich.console import Console

from infra.errors import OperatorError
from infra.paths import ROOT
from stack.install.apt import require_browser
from stack.instance import Instance
from tests.support.browser import DESKTOP, PHONE, NewPage, go, guild, purse, register, settled, stopped
from tests.support.waiting import PATIENCE_SECONDS

SMALLEST_TARGET = 24  # CSS pixels: WCAG 2.2, 2.5.8

MOST_TABS = 60

VIEWS = ["Arena", "Shop", "Inventory", "Quests", "Guild", "Trade", "Ranks"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    try:
        chromium = require_browser(Console())
    except OperatorError as error:
        pytest.skip(f"no Chromium: {error}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser: Browser, pipeline: Instance) -> Iterator[NewPage]:
    """Pages of players who share nothing. None may log an error, which a broken Content-Security-Policy is, too."""
    errors: list[str] = []
    contexts = []

    def note(message: ConsoleMessage) -> None:
        # A browser also logs that an action was refused, or must wait, which is no error of the page.
        if message.type == "error" and not re.search("status of (409|503)", message.text):
            errors.append(message.text)

    def make(size: dict[str, int] = DESKTOP, scheme: str = "light", path: str = "/") -> Page:
        context = browser.new_context(
            viewport=size, color_scheme=scheme, has_touch=size is PHONE, base_url=pipeline.settings().api_url
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


def test_two_players_fight(new_page: NewPage) -> None:
    ada, bob = new_page(), new_page(PHONE, "dark")
    register(ada)
    target = register(bob)

    go(ada, "Shop")
    ada.get_by_role("button", name="Buy an iron sword").click()
    settled(ada, "You bought an iron sword for 30 gold")
    purse(ada, "70 gold")
    go(ada, "Arena")
    ada.get_by_label("Another player's name").fill(target)
    ada.get_by_role("button", name="Strike by name").click()
    settled(ada, f"You struck {target} with an iron sword for 15 health")

    settled(bob, "struck you with an iron sword for 15 health")
    expect(bob.get_by_role("meter", name="Health", exact=True)).to_have_attribute("aria-valuenow", "85")

    go(ada, "Inventory")
    ada.get_by_role("button", name="Enchant one iron sword for 60 gold").click()
    settled(ada, "You enchanted an iron sword for 60 gold")
    expect(ada.get_by_role("button", name="Sell one enchanted iron sword for 45")).to_be_visible()


def test_what_is_refused_is_told_in_words(new_page: NewPage) -> None:
    ada = new_page()
    register(ada)
    go(ada, "Shop")
    dragon = ada.get_by_role("button", name="Buy a dragon sword")
    expect(dragon).to_have_attribute("aria-disabled", "true")
    expect(dragon).to_have_accessible_description("You need 50 more gold.")

    go(ada, "Trade")
    gift = ada.get_by_role("form", name="Give")
    gift.get_by_label("To").fill("nobody_of_that_name")
    gift.get_by_label("Gold").fill("1")
    gift.get_by_role("button", name="Give").click()
    expect(ada.get_by_role("alert")).to_contain_text("there is no player nobody_of_that_name in this realm")


def test_the_page_says_that_settling_has_stopped_and_goes_on(new_page: NewPage, pipeline: Instance) -> None:
    ada, watch = new_page(), new_page(path="/#/watch")
    register(ada)
    expect(watch.get_by_role("heading", name="All realms together")).to_be_visible()
    with stopped(pipeline):
        ada.get_by_role("button", name="Claim daily gold").click()
        waiting = ada.get_by_role("complementary", name="Live feed")
        expect(waiting).to_contain_text("pending")
        expect(waiting).to_contain_text("This takes longer than usual")
        trouble = watch.locator(".trouble").filter(has_text="Settling has stopped")
        expect(trouble).to_contain_text(re.compile(r"[1-9]\d* events? waits?, the oldest for [\d.]+ s"))
        expect(watch.get_by_role("status")).to_contain_text("Settling has stopped")
    expect(trouble).to_be_hidden()
    settled(ada, "You claimed 25 gold of daily gold")
    purse(ada, "125 gold")


def test_everything_can_be_done_with_a_keyboard(new_page: NewPage) -> None:
    ada = new_page()
    name = f"k{uuid4().hex[:10]}"
    tab_to(ada, "Name")
    ada.keyboard.type(name)
    tab_to(ada, "Enter the realm")
    ada.keyboard.press("Enter")
    expect(ada.get_by_role("heading", name=name, exact=True)).to_be_visible()
    tab_to(ada, "Shop")
    ada.keyboard.press("Enter")
    expect(ada.get_by_role("heading", name="Shop")).to_be_focused()
    tab_to(ada, "Buy a wooden sword for 10 gold")
    ada.keyboard.press("Space")
    settled(ada, "You bought a wooden sword for 10 gold")
    assert focused(ada) == "Buy a wooden sword for 10 gold"  # not lost when the page is drawn anew


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has this name has the focus, and can be seen to have it."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if focused(page) == name:
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
            return
    raise AssertionError(f"{name} cannot be reached; the focus is on {focused(page)}")


def focused(page: Page) -> str:
    return str(
        page.evaluate("""() => {
            const it = document.activeElement;
            return (it.ariaLabel || it.labels?.[0]?.textContent || it.textContent).trim();
        }""")
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing(new_page: NewPage, size: dict[str, int], scheme: str) -> None:
    page = new_page(size, scheme)
    expect(page.get_by_role("heading", name="Enter the Guildhall")).to_be_visible()
    check(page, "Join")
    register(page)
    page.get_by_role("button", name="Claim daily gold").click()
    go(page, "Shop")
    page.get_by_role("button", name="Buy a steel sword").click()
    page.get_by_role("button", name="Buy a small potion").click()
    settled(page, "You bought a small potion")
    go(page, "Guild")
    guild = f"g{uuid4().hex[:10]}"
    page.get_by_label("Name of the guild").fill(guild)
    page.get_by_role("button", name="Found the guild").click()
    expect(page.get_by_role("heading", name=f"Guild {guild}")).to_be_visible()
    for view in (*VIEWS, "Watch"):
        go(page, view)
        expect(page.locator("#main [aria-busy]")).to_have_count(0)
        check(page, view)


def check(page: Page, view: str) -> None:
    """No violation of axe's, nothing that scrolls sideways, and nothing too small to hit."""
    page.wait_for_timeout(600)  # colours that are still fading in are no contrast
    results = Axe().run(page)
    assert results.violations_count == 0, f"{view}: {results.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{view} scrolls sideways"
    small = page.evaluate(
        """least => [...document.querySelectorAll("button, nav a, summary, input, select")]
            .filter(it => it.checkVisibility() && Math.min(it.offsetWidth, it.offsetHeight) < least)
            .map(it => it.outerHTML)""",
        SMALLEST_TARGET,
    )
    assert small == [], view


def test_the_documents_of_the_api_are_shown_without_anything_inline(new_page: NewPage) -> None:
    page = new_page(path="/docs")
    expect(page.locator("#swagger-ui")).to_contain_text("/strikes")
    page.locator(".opblock-summary-control").first.click()
    expect(page.get_by_role("button", name="Try it out")).to_be_visible()


def test_pictures(new_page: NewPage, pipeline: Instance, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """What a person would look at; with --pictures they are kept for the documents."""
    folder = ROOT / "docs" / "screenshots" if request.config.getoption("--pictures") else tmp_path
    folder.mkdir(exist_ok=True)

    def shoot(page: Page, name: str) -> None:
        page.wait_for_timeout(600)
        file = folder / f"{name}.png"
        page.screenshot(path=file)
        assert file.stat().st_size < 200_000

    ada, bob, watch = new_page(), new_page(PHONE, "dark"), new_page(path="/#/watch")
    register(ada, 1, "ada")
    target = register(bob, 1, "bob")
    go(ada, "Shop")
    with stopped(pipeline):
        ada.get_by_role("button", name="Buy an iron sword").click()
        purse(ada, "70 gold, 30 held")
        shoot(ada, "play-desktop")
        expect(watch.locator(".trouble")).to_contain_text("Settling has stopped")
        shoot(watch, "watch-stopped")
    settled(ada, "You bought an iron sword")
    expect(watch.locator(".trouble")).to_have_count(0)
    go(ada, "Arena")
    ada.get_by_label("Another player's name").fill(target)
    ada.get_by_role("button", name="Strike by name").click()
    settled(bob, "struck you")
    go(bob, "Shop")
    bob.get_by_role("button", name="Buy a small potion").click()
    settled(bob, "You bought a small potion")
    go(bob, "Arena")
    shoot(bob, "play-phone")
    shoot(ada, "arena")
    shoot(watch, "watch")
    guild(ada, bob)
    shoot(ada, "guild")
    docs = new_page(path="/docs")
    expect(docs.locator("#swagger-ui")).to_contain_text("/strikes")
    shoot(docs, "docs")
