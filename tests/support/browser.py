"""The page in a browser."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

from playwright.sync_api import Page, expect

from load.faults.injectors import Pause
from load.faults.processes import driver_jvm
from stack.instance import Instance

DESKTOP = {"width": 1280, "height": 860}

PHONE = {"width": 360, "height": 740}

NewPage = Callable[..., Page]


def register(page: Page, realm: int = 2, name: str = "player") -> str:
    """A new player on this page; answers the name, when the registration is settled."""
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
    """Wait until the live feed tells it."""
    expect(page.get_by_role("list", name="What happened, newest first")).to_contain_text(text)


def purse(page: Page, text: str) -> None:
    expect(page.locator("#purse")).to_have_text(re.compile(rf"\s*{text}\s*"))


@contextmanager
def stopped(instance: Instance) -> Iterator[None]:
    """Nothing is settled meanwhile: Spark stands still."""
    stream = Pause("the stream stands still", "streaming", driver_jvm, 0)
    stream.inject(instance)
    try:
        yield
    finally:
        stream.heal(instance)


def guild(leader: Page, member: Page) -> None:
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
    expect(leader.get_by_role("table", name="Members, the longest first").get_by_role("row")).to_have_count(3)
