"""Test the page in Debian's Chromium: players, a stopped stream, accessibility with axe, and the keyboard."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from infra.errors import OperatorError
from stack.instance import Instance
from tests.support.browser import (
    DESKTOP,
    PHONE,
    NewPage,
    found_guild,
    go,
    pages,
    purse,
    register,
    running_browser,
    settled,
    stopped,
)

SMALLEST_TARGET = 24  # smallest width and height in CSS pixels, by WCAG 2.2, criterion 2.5.8

MOST_TABS = 60

VIEWS = ["Arena", "Shop", "Inventory", "Quests", "Guild", "Trade", "Ranks"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with ExitStack() as stack:
        try:
            browser = stack.enter_context(running_browser())
        except OperatorError as error:
            pytest.skip(f"no Chromium: {error}")
        yield browser


@pytest.fixture
def new_page(browser: Browser, pipeline: Instance) -> Iterator[NewPage]:
    with pages(browser, pipeline) as new_page:
        yield new_page


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


def test_refusal_is_explained_in_words(new_page: NewPage) -> None:
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


def test_page_reports_that_settling_has_stopped(new_page: NewPage, pipeline: Instance) -> None:
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


def test_page_can_be_used_with_a_keyboard(new_page: NewPage) -> None:
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
    assert focused(ada) == "Buy a wooden sword for 10 gold"  # the button keeps the focus when the page is drawn again


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the element with this name has the focus. Expect that the focus is visible."""
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


def test_guild_is_founded_joined_and_paid_into(new_page: NewPage) -> None:
    leader, member = new_page(), new_page(PHONE, "dark")
    register(leader, 1, "ada")
    register(member, 1, "bob")
    found_guild(leader, member)


def test_axe_finds_nothing_in_any_view(new_page: NewPage) -> None:
    """Each view is checked in both sizes and both colour schemes.

    The layout depends on the size, and the contrast depends on the colour scheme.
    """
    page = new_page()
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
    """Check one view of the page.

    Expect that axe finds no violation, that the page does not scroll sideways, and that no target is too small to hit.
    """
    for size in (PHONE, DESKTOP):
        page.set_viewport_size(size)
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme)
            results = Axe().run(page)
            assert results.violations_count == 0, f"{view}, {scheme}, {size}: {results.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{view} scrolls sideways: {size}"
        small = page.evaluate(
            """least => [...document.querySelectorAll("button, nav a, summary, input, select")]
                .filter(it => it.checkVisibility() && Math.min(it.offsetWidth, it.offsetHeight) < least)
                .map(it => it.outerHTML)""",
            SMALLEST_TARGET,
        )
        assert small == [], f"{view}, {size}"


def test_api_docs_are_shown_without_inline_code(new_page: NewPage) -> None:
    page = new_page(path="/docs")
    expect(page.locator("#swagger-ui")).to_contain_text("/strikes")
    page.locator(".opblock-summary-control").first.click()
    expect(page.get_by_role("button", name="Try it out")).to_be_visible()
