"""Pages in a browser: they show what they were given, fit the screen, reach for no network and raise no error.

Run as `page_browser.py PROBE [FOLDER]`; what PROBE writes, and screenshots, stay in FOLDER if one is named. Exits with
0 when all is well, 1 when something is not, 77 when there is no Chromium."""
import itertools
import json
import math
import os
import pathlib
import subprocess
import sys

from browser import Browser, centre, click, fits, in_folder, shows, text
from read_files import read_npy, read_png

def pictures(folder):
    """PNG files hold the elements, clamped and rounded, channels last."""
    for c in (1, 2, 3, 4):
        (_, h, w), x = read_npy(folder / f"{c}.npy")
        width, height, channels, pixels = read_png((folder / f"{c}.png").read_bytes())
        assert (width, height, channels) == (w, h, c)
        expected = [math.floor(255 * min(max(x[k * h * w + i], 0), 1) + 0.5) for i in range(h * w) for k in range(c)]
        assert list(pixels) == expected, c


def legend(page, section):
    """The names and values in the legend of a section's curves, and where its cursor is."""
    lines = page.evaluate(f"""[...document.querySelectorAll("#{section} .legend .line")]
      .map(b => [b.childNodes[1].textContent, b.lastChild.textContent])""")
    return dict(lines), text(page, f"#{section} .at")


def sample(page):
    """What a reader sees and does."""
    cost, accuracy, batches, rate, matrix, settings = (f"s{i}" for i in range(2, 8))
    counted = lambda selector: page.evaluate(f"document.querySelectorAll({json.dumps(selector)}).length")
    for what, number in ((f"#{cost} path.line", 2), (f"#{cost} circle.dot", 40), (f"#{accuracy} circle.dot", 39),
                         (f"#{batches} path.raw", 1), (f"#{matrix} tbody td", 100), (f"#{settings} tr", 9),
                         ("figure img", 24 + 30), ("figcaption", 24), (".ridges svg", 6),
                         ("#s10 path.ridge", 42)):  # fmt: skip
        assert counted(what) == number, (what, counted(what))
    # A line is drawn through its values: in the chart's own scale the exponential is nearly straight.
    attributes = lambda selector, name: page.evaluate(
        f"[...document.querySelectorAll('{selector}')].map(e => e.getAttribute('{name}'))")  # fmt: skip
    heights = [float(y) for y in attributes(f"#{cost} circle.dot", "cy")[20:]]
    values = [0.9 * math.exp(-0.33 * i) + 0.1 + 0.0008 * i for i in range(1, 21)]
    slopes = [(heights[i] - heights[0]) / (math.log(values[i]) - math.log(values[0])) for i in range(1, 20)]
    assert max(slopes) - min(slopes) < 1e-9 * abs(slopes[0]) and slopes[0] < 0, slopes
    assert [d.count("M") for d in attributes(f"#{accuracy} path.line", "d")] == [1, 2], "what is not finite is a gap"


    # The cursor is shared by all that count epochs; without one, the last values are shown.
    def at_epoch(n):
        training, validation = 0.995 - 0.3 * math.exp(-0.4 * n), 0.967 - 0.3 * math.exp(-0.42 * n) - 0.0002 * n
        percent = lambda v: f"{100 * v:.2f}\u00a0%"
        shown = {"training": percent(training), "validation": "–" if n == 6 else percent(validation)}
        assert legend(page, accuracy) == (shown, f"epoch {n}"), (n, legend(page, accuracy))
        cost_now = 0.9 * math.exp(-0.35 * n) + 0.02 / n
        assert legend(page, cost)[0]["training"] == f"{cost_now:#.4g}" and legend(page, cost)[1] == f"epoch {n}"
        assert text(page, "#s10 output") == f"epoch {n}"
        assert legend(page, rate)[1] == "step 12,200"

    at_epoch(20)
    for n in (7, 6):
        x, y = centre(page, f"#{accuracy} circle.dot", n - 1)
        page.mouse(x + 2, y + 30)
        at_epoch(n)
        assert counted(f"#{accuracy} line.cursor") == counted(f"#{cost} line.cursor") == 1
    page.mouse(1, 1)
    at_epoch(20)
    page.evaluate(f"document.querySelector('#{accuracy} svg').focus()")
    for key, n in (("ArrowLeft", 20), ("ArrowLeft", 19), ("ArrowLeft", 18), ("ArrowRight", 19)):
        page.call("Input.dispatchKeyEvent", type="keyDown", key=key)
        page.call("Input.dispatchKeyEvent", type="keyUp", key=key)
        at_epoch(n)
    page.evaluate("""document.querySelector("#s10 input").value = 4;
      document.querySelector("#s10 input").dispatchEvent(new Event("input"))""")
    at_epoch(5)
    assert counted("#s10 .ridge.here") == 2 and counted("#s11 .ridge.here") == 4
    x, y = centre(page, "#s10 .chart")
    page.mouse(x, y + 60)
    assert text(page, f"#{cost} .at") == text(page, "#s10 output") != "epoch 5"

    # Its buttons.
    path = lambda: page.evaluate(f"document.querySelector('#{accuracy} path.line').getAttribute('d')")
    before = path()
    click(page, f"#{accuracy} .scale")
    assert path() != before
    click(page, f"#{accuracy} .scale")
    assert path() == before
    click(page, f"#{accuracy} button.line")
    assert counted(f"#{accuracy} path.line") == 1 and path() != before
    click(page, f"#{accuracy} button.line")
    assert path() == before

    row = [(4 + 2 * j) % 13 if (28 + 3 * j) % 5 == 0 else 4 * j % 3 for j in range(10)]
    row[4], row[9] = 966, 21
    told = f"is 4, taken for 9: 21 of {sum(row)} ({2100 / sum(row):.1f}\u00a0%)"
    assert text(page, f"#{matrix} .readout") == f"Most often wrong: {told}", text(page, f"#{matrix} .readout")
    page.mouse(*centre(page, f"#{matrix} tbody td", 44))
    assert text(page, f"#{matrix} .readout") == f"is 4, taken for 4: 966 of {sum(row)} ({96600 / sum(row):.1f}\u00a0%)"
    assert counted(f"#{matrix} .here") == 2
    page.mouse(*centre(page, f"#{matrix} tbody td", 49))
    assert text(page, f"#{matrix} .readout") == told

    background = lambda: page.evaluate("getComputedStyle(document.body).backgroundColor")
    before = background()
    click(page, ".theme")
    assert background() != before
    page.call("Page.reload")
    page.drawn()
    assert background() != before, "the theme is forgotten"
    click(page, ".theme")
    assert background() == before


def hostile(page):
    """Text is shown as it was given; bytes that are no UTF-8 as a replacement."""
    given = "</script><script>alert(1)</script> <!--<b>&amp; \"'` \\u003c \u2028 \ufffd ${1} \ufffe"
    found = page.evaluate("""[document.title, ...["h1", ".top p", "h2", "h3", ".text p", ".highlights dt",
      ".highlights b", ".highlights .note", ".pair th", ".pair td", "thead th", "tbody td", "text.mark",
      ".heat [scope=row]", ".heat [scope=col]", ".heat .axis", "figcaption", "h4"]
      .map(s => document.querySelector(s).textContent), document.querySelector("img").alt,
      document.querySelector(".legend .line").childNodes[1].textContent]""")
    for number, shown in enumerate(found):
        assert shown == given, (number, shown)
    assert text(page, ".raw .mine") == "drawn 0.5"
    assert page.evaluate("document.querySelectorAll('h3').length") == 8


def comparison(page):
    """A row a variant, a curve with a band of each, a dot for each seed."""
    rows = page.evaluate("""[...document.querySelectorAll(".table tbody tr")]
      .map(row => [...row.cells].map(cell => cell.textContent))""")
    assert len(rows) == 5 and rows[0][0] == "variant 0" and rows[0][8] == "best", rows
    assert {row[0]: row[9] for row in rows}["variant 3"] == "50 %", rows
    counted = lambda selector: page.evaluate(f"document.querySelectorAll({json.dumps(selector)}).length")
    assert counted("path.band") == counted("path.line") == 5, counted("path.band")
    assert page.evaluate("""[...document.querySelectorAll("path.band")]
      .every(band => /^M.*Z$/.test(band.getAttribute("d")))""")
    assert counted(".raw circle.dot") == 4 * 8 + 7, counted(".raw circle.dot")
    titles = page.evaluate("""[...document.querySelectorAll(".raw circle title")].map(t => t.textContent)""")
    assert sum(title.endswith(": 10\u00a0%") for title in titles) == 4, titles
    assert "hostile, seed 2: </script> was thrown" in page.evaluate("document.body.textContent")


def main(folder):
    subprocess.run([os.path.abspath(sys.argv[1]), folder], check=True)
    pictures(folder)
    page = Browser(folder / "profile")
    try:
        pages = ("comparison", "sample")
        for name, width, scheme in itertools.product(pages, (390, 1280), ("light", "dark")):
            page.open(folder / f"{name}.html", width, scheme)
            fits(page, f"{name} {width} {scheme}")
            shows(page, f"{name} {width} {scheme}", scheme)
            if len(sys.argv) > 2:
                (folder / f"{name}_{width}_{scheme}.png").write_bytes(page.picture())
            if name == "comparison":
                comparison(page)
        sample(page)
        fits(page, "sample after all")
        for name, width in itertools.product(("hostile", "extremes"), (390, 1280)):
            page.open(folder / f"{name}.html", width, "light")
            fits(page, f"{name} {width}")
            if len(sys.argv) > 2:
                (folder / f"{name}_{width}.png").write_bytes(page.picture())
            if name == "hostile":
                hostile(page)
    finally:
        page.close()


in_folder(main)
