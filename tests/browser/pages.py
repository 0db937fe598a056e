# SPDX-License-Identifier: GPL-2.0
"""Tests of reports as pages (--html), of those that tests/ctl/test_page.c makes: tables, graph, dark, widths, without scripts."""

import time

from driver import WAIT

PAGES = ("report", "plain", "change")

# The first cells of the rows that are shown, by column; the state of the headings.
ROWS = """
const table = document.querySelector(".rows table"), column = arguments[0];
return [...table.tBodies].filter(b => !b.hidden).map(b => b.rows[0].cells[column].textContent);
"""
HEADINGS = """
return [...document.querySelectorAll(".rows th")].map(th => [th.textContent, th.getAttribute("aria-sort")]);
"""
# Text that reaches out of the window, but in a table that scrolls; bars that reach out of their cell.
MISFITS = """
const wrong = [], edge = arguments[0];
for (const e of document.querySelectorAll("h1, .line, .graph svg, .rows, .bars, .filter")) {
	const b = e.getBoundingClientRect();
	if (b.left < 0 || b.right > edge + 0.5)
		wrong.push([e.className || e.tagName, b.left, b.right]);
}
for (const bar of document.querySelectorAll(".bars div")) {
	const b = bar.getBoundingClientRect(), c = bar.parentNode.getBoundingClientRect();
	if (b.right > c.right + 0.5 || b.width < 1)
		wrong.push(["bar", b.width]);
}
if (document.documentElement.scrollWidth > edge)
	wrong.push(["the page", document.documentElement.scrollWidth]);
return wrong;
"""
# The middle of an element, in the window.
PLACE = """
const e = [...document.querySelectorAll(arguments[0])].find(e => !arguments[1] || e.textContent === arguments[1]);
e.scrollIntoView({ block: "center" });
const b = e.getBoundingClientRect();
return [(b.left + b.right) / 2, (b.top + b.bottom) / 2];
"""


def equal(got, want, what):
    if got != want:
        raise AssertionError(f"{what}: {got!r} instead of {want!r}")


class Pages:
    def __init__(self, out):
        self.out = out

    def open(self, b, name, fragment=""):
        b.open(f"file://{self.out}/{name}.html{fragment}")

    @staticmethod
    def click(b, selector, text=None):
        b.pointer(*b.js(PLACE, selector, text), click=True)

    @staticmethod
    def scrolled(b):
        """Wait until the page has scrolled: a click has a place, which a page that moves has left."""
        end, was = time.monotonic() + WAIT, 0
        while (now := b.js("return scrollY")) != was or not now:
            if time.monotonic() > end:
                raise AssertionError(f"arrows do not scroll the page: it is at {now}")
            was = now
            time.sleep(0.1)

    def sort(self, b):
        b.size(1200, 800)
        self.open(b, "plain")
        equal(b.js(ROWS, 3)[:2], ["30.0 ms", "29.0 ms"], "as the report has them")
        self.click(b, ".rows th button", "COUNT")
        equal(b.js(ROWS, 2), [str(10 * n) for n in range(12, 0, -1)], "numbers, the greatest first")
        self.click(b, ".rows th button", "COUNT")
        equal(b.js(ROWS, 2), [str(10 * n) for n in range(1, 13)], "then the least first")
        equal(b.js(HEADINGS)[1:4], [["PID", None], ["COUNT", "ascending"], ["TOTAL", None]], "the heading says so")
        self.click(b, ".rows th button", "COMM")
        equal(b.js(ROWS, 0), ['<b>sh</b> & "co"'] * 6 + ["plain"] * 6, "texts, in their order")
        equal(b.js(ROWS, 2)[:3], ["10", "30", "50"], "equal ones stay as they were")
        self.click(b, ".rows th button", "TOTAL")
        equal(b.js(ROWS, 3), [f"{30 - n}.0 ms" for n in range(12)], "by the numbers behind the text")
        b.screenshot(f"{self.out}/page-sorted.png")

    def filter(self, b):
        self.open(b, "report")
        equal(len(b.js(ROWS, 0)), 30, "all rows")
        self.click(b, ".filter input")
        for text, rows, said in (("sh 30.0 co", 1, "1 of 30 rows"), ("leaf_three", 10, "10 of 30 rows"), ("Plain", 0, "0 of 30 rows"), ("", 30, "")):
            b.js('const i = document.querySelector(".filter input"); i.value = ""; i.focus()')
            b.type(text or " ")
            equal([len(b.js(ROWS, 0)), b.js('return document.querySelector(".filter span").textContent')], [rows, said], f"rows with '{text}'")
        b.type("/")
        equal(b.js('return document.querySelector(".filter input").value'), " /", "what is typed there is not the graph's")

    def graph(self, b):
        # The second frame is a process of the first name: what is in it has room for its name.
        self.open(b, "report", "#zoom=2")
        titles = b.js("""return [...document.querySelectorAll("#frames > g text")].map(t => t.textContent)""")
        equal([t for t in ("<script>alert(1)</script>", "&\"' <b>", "]]></script>") if t in titles],
              ["<script>alert(1)</script>", "&\"' <b>", "]]></script>"], "names are text")
        equal(b.js('return document.querySelectorAll("script").length'), 2, "scripts: that of the graph and that of the page")
        self.click(b, "#frames > g:nth-child(5) rect")
        equal(b.js("return location.hash"), "#zoom=4", "a click zooms, and the address has it")
        b.keys("Escape")
        equal(b.js("return location.hash"), "", "Esc shows all")
        b.js("document.activeElement.blur(); scrollTo(0, 0)")
        b.keys("ArrowDown")
        equal(b.js('return document.activeElement.tagName'), "BODY", "arrows do not enter the graph")
        self.scrolled(b)
        self.click(b, ".rows summary")
        equal(b.js('return document.querySelector(".rows details").open'), True, "a stack unfolds")
        b.screenshot(f"{self.out}/page-stack.png")

    def widths(self, b):
        for name in PAGES:
            for width in (400, 1200, 1920):
                b.size(width, 900)
                self.open(b, name)
                equal(b.js(MISFITS, width), [], f"misfits of {name} at {width}")
                b.screenshot(f"{self.out}/page-{name}-{width}.png")

    def dark(self, b):
        style = "const s = getComputedStyle(document.querySelector(arguments[0])); return [s.color, s.backgroundColor]"
        b.size(1200, 900)
        self.open(b, "report")
        equal([b.js(style, "html"), b.js(style, ".warning")[0]], [["rgb(17, 17, 17)", "rgb(255, 255, 255)"], "rgb(163, 0, 0)"], "light")
        b.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
        try:
            equal([b.js(style, "html"), b.js(style, ".warning")[0]], [["rgb(221, 221, 221)", "rgb(27, 27, 31)"], "rgb(255, 123, 123)"], "dark")
            equal(b.js('return getComputedStyle(document.querySelector("#back")).fill'), "rgb(27, 27, 31)", "the graph, too")
            b.screenshot(f"{self.out}/page-dark.png")
        finally:
            b.cdp("Emulation.setEmulatedMedia", features=[])

    def static(self, b):
        b.size(1200, 900)
        b.cdp("Emulation.setScriptExecutionDisabled", value=True)
        try:
            for name in PAGES:
                self.open(b, name)
                equal(b.js('return document.querySelector(".filter")'), None, "the script has not run")
                equal(b.js(MISFITS, 1200), [], f"misfits of {name}")
            self.open(b, "report")
            equal(b.js("return document.querySelectorAll('.rows tbody').length"), 30, "rows are there")
            b.screenshot(f"{self.out}/page-static.png")
        finally:
            b.cdp("Emulation.setScriptExecutionDisabled", value=False)


def tests(out):
    """Points and their functions."""
    p = Pages(out)
    return [("a click on a heading sorts a page's table", p.sort), ("words filter its rows", p.filter),
            ("its graph zooms, and leaves the keyboard to the page", p.graph), ("a page fits the window at three widths", p.widths),
            ("a page is dark in a dark window", p.dark), ("a page is complete without scripts", p.static)]
