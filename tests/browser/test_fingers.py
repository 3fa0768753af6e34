"""On a phone, a finger finds what it is to press."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import at_rest, choose, knobs, open_class, settled

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LEAST = 44  # CSS pixels, as WCAG 2.2 asks for with 2.5.5, Target Size (Enhanced)
MISSED = """(least) => {
    const PRESSED = 'button, a[href], summary, select, [role=radio], [role=combobox], [role=switch], [role=checkbox], '
        + '.terms dfn, input:not([type=range], [type=hidden], [type=file])'
    const half = least / 2 - 1
    const isHit = (one, x, y) => {
        let at = document.elementFromPoint(x, y)
        while (at?.shadowRoot?.elementFromPoint(x, y)) at = at.shadowRoot.elementFromPoint(x, y)
        for (let part = at; part; part = part.parentNode ?? part.host) if (part === one) return true
        return false
    }
    const all = (root) => [...root.querySelectorAll('*')].flatMap(
        (one) => [one, ...(one.shadowRoot ? all(one.shadowRoot) : [])])
    const missed = []
    for (const one of all(document).filter((one) => one.matches(PRESSED))) {
        const target = one.matches('[type=checkbox]') ? one.closest('label') : one
        if (!target.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue
        target.scrollIntoView({ block: 'center', inline: 'center' })
        const box = target.getBoundingClientRect()
        if (box.width < 2 || box.height < 2) continue
        const x = box.x + box.width / 2, y = box.y + box.height / 2
        const isWide = box.width > least - 0.5 || (isHit(one, x - half, y) && isHit(one, x + half, y))
        const isHigh = box.height > least - 2.5 || (isHit(one, x, y - half) && isHit(one, x, y + half))  // in a border
        if (!isWide || !isHigh)
            missed.push(`${Math.round(box.width)} x ${Math.round(box.height)}: `
                + (target.innerText || target.getAttribute('aria-label') || target.outerHTML.slice(0, 80)))
    }
    return missed
}"""
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
ADDRESSES = (
    "",
    "train?units=64+32",
    "compare?runs=small-cnn,dense-128-dropout&view=Mistakes",
    "compare?runs=small-cnn,dense-128-dropout&view=Settings",
    "explore?image=9",
    "explore?run=dense-128-dropout&image=9&view=Map",
    "explore?image=9&view=Damage",
    "lessons",
    "lessons?lesson=dropout",
    "lessons?lesson=softmax",
    "class",
)


@pytest.mark.parametrize("address", ADDRESSES, ids=[address or "draw" for address in ADDRESSES])
def test_whatever_a_finger_presses_is_large_enough(server, open_tab, mnist, address):
    page = open_tab(f"{server.url}/{address}", **PHONE)
    expect(page.locator(".st-key-menu")).to_be_visible()
    if address.startswith("train"):
        knobs(page)
    assert not at_rest(page).evaluate(MISSED, LEAST)


def test_a_class_is_led_and_joined_with_a_finger(server, open_tab):
    teacher = open_tab(f"{server.url}/class", **PHONE)
    code = open_class(teacher)
    phone = open_tab(f"{server.url}/join?code={code}", **PHONE)
    expect(phone.locator("#waiting")).to_be_visible()
    assert not phone.evaluate(MISSED, LEAST)
    for activity, screen in (("Draw what is asked", "drawing"), ("Referee", "reading")):
        choose(teacher, "Next activity", activity)
        settled(teacher).get_by_role("button", name="Start", exact=True).click()
        expect(phone.locator(f"#{screen}")).to_be_visible()
        assert not phone.evaluate(MISSED, LEAST)
        assert not at_rest(teacher).evaluate(MISSED, LEAST)
