"""Take the screenshots of the page for the documentation, from a running instance.

Run ``./guildhall up``, then run ``python -m tests.support.screenshots`` in the environment of ``./guildhall``.
"""

import sys
from pathlib import Path

from playwright.sync_api import Page, expect

from infra.paths import ROOT
from stack.instance import Instance, open_instance
from tests.support.browser import (
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

FOLDER = ROOT / "docs" / "screenshots"
MAX_BYTES = 200_000  # largest size of a screenshot, so that the document which shows it opens quickly


def shoot(page: Page, name: str) -> None:
    file = FOLDER / f"{name}.png"
    page.screenshot(path=file)
    if file.stat().st_size > MAX_BYTES:
        print(f"{file.name} has {file.stat().st_size:,} bytes: more than {MAX_BYTES:,}", file=sys.stderr)


def take_all(instance: Instance, new_page: NewPage) -> None:
    """Play a short game, and take each screenshot when the page shows the right state."""
    ada, bob, watch = new_page(), new_page(PHONE, "dark"), new_page(path="/#/watch")
    register(ada, 1, "ada")
    target = register(bob, 1, "bob")
    go(ada, "Shop")
    with stopped(instance):
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
    found_guild(ada, bob)
    shoot(ada, "guild")
    docs = new_page(path="/docs")
    expect(docs.locator("#swagger-ui")).to_contain_text("/strikes")
    shoot(docs, "docs")


def main() -> None:
    instance = open_instance(Path(sys.argv[1]) if sys.argv[1:] else ROOT / ".guildhall")
    with running_browser() as browser, pages(browser, instance) as new_page:
        take_all(instance, new_page)


if __name__ == "__main__":
    main()
