"""Pages in a browser: they show what they were given, fit the screen, reach for no network and raise no error.

Run as `page_browser.py PROBE [FOLDER]`; what PROBE writes, and screenshots, stay in FOLDER if one is named. Exits with
0 when all is well, 1 when something is not, 77 when there is no Chromium."""
import base64
import fcntl
import itertools
import json
import math
import os
import pathlib
import select
import shutil
import subprocess
import sys
import tempfile

from read_files import read_npy, read_png

program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
if not program:
    print("SKIPPED: there is no Chromium")
    sys.exit(77)


class Browser:
    """Chromium without a window, spoken to by its DevTools protocol over two pipes."""

    def __init__(self, profile):
        theirs, self.to = os.pipe()
        self.back, ours = os.pipe()
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (theirs, ours)]
        command = [program, "--headless", "--remote-debugging-pipe", f"--user-data-dir={profile}", "--no-first-run",
                   "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--hide-scrollbars",
                   *(["--no-sandbox"] if os.geteuid() == 0 else [])]  # fmt: skip
        shell = f'exec "$@" 3<&{ends[0]} 4>&{ends[1]}'
        self.process = subprocess.Popen(["bash", "-c", shell, "bash", *command], pass_fds=ends,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        for end in (theirs, ours, *ends):
            os.close(end)
        self.calls, self.rest, self.events, self.session = itertools.count(1), b"", [], {}
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = {"sessionId": self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]}
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def next_message(self):
        while b"\0" not in self.rest:
            assert select.select([self.back], [], [], 60)[0], "the browser says nothing for a minute"
            got = os.read(self.back, 1 << 20)
            assert got, "the browser has ended"
            self.rest += got
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **parameters):
        number = next(self.calls)
        message = json.dumps({"id": number, "method": method, "params": parameters, **self.session}) + "\0"
        os.write(self.to, message.encode())
        while True:
            answer = self.next_message()
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self.events.append(answer)

    def evaluate(self, script):
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, (script, result["exceptionDetails"])
        return result["result"].get("value")

    def drawn(self):
        """Waits until what was asked for is on the screen."""
        self.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def open(self, path, width, scheme):
        screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        self.call("Emulation.setDeviceMetricsOverride", **screen)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.events, self.width = [], width
        self.url = path.resolve().as_uri()
        self.call("Page.navigate", url=self.url)
        while not any(e.get("method") == "Page.loadEventFired" for e in self.events):
            self.events.append(self.next_message())
        self.drawn()

    def problems(self):
        """What was written to the console, thrown, asked of the reader or of the network."""
        bad = {"Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded", "Page.javascriptDialogOpening"}
        found = [e for e in self.events if e.get("method") in bad]
        for e in self.events:
            if e.get("method") == "Network.requestWillBeSent":
                url = e["params"]["request"]["url"]
                if url != self.url and not url.startswith("data:"):
                    found.append(url)
        return found

    def picture(self, scale=1.0):
        """The whole page as PNG."""
        width, height = self.evaluate("[innerWidth, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": scale}
        shot = self.call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    def mouse(self, x, y, kind="mouseMoved"):
        button = {} if kind == "mouseMoved" else {"button": "left", "clickCount": 1}
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **button)
        self.drawn()

    def close(self):
        self.process.kill()
        self.process.wait()


def pictures(folder):
    """PNG files hold the elements, clamped and rounded, channels last."""
    for c in (1, 2, 3, 4):
        (_, h, w), x = read_npy(folder / f"{c}.npy")
        width, height, channels, pixels = read_png((folder / f"{c}.png").read_bytes())
        assert (width, height, channels) == (w, h, c)
        expected = [math.floor(255 * min(max(x[k * h * w + i], 0), 1) + 0.5) for i in range(h * w) for k in range(c)]
        assert list(pixels) == expected, c


def fits(page, what):
    assert not page.problems(), (what, page.problems())
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= page.width, f"{what}: {wide} wide on a screen of {page.width}"
    ill_sized = page.evaluate("""[...document.querySelectorAll(".chart")].filter(chart =>
      +chart.firstChild?.getAttribute("width") !== chart.clientWidth).map(chart => chart.outerHTML)""")
    assert not ill_sized, (what, ill_sized)
    broken = page.evaluate("""[...document.querySelectorAll("svg, svg *")].map(e => e.cloneNode(false).outerHTML)
      .filter(e => /NaN|Infinity/.test(e))""")
    assert not broken, (what, broken)


def shows(page, what, scheme, scale=0.2):
    """Nothing of the page is blank, and it is as dark or light as it should be."""
    boxes = page.evaluate("""[...document.querySelectorAll("section")].map(s => s.getBoundingClientRect())
      .map(box => [box.x, box.y + scrollY, box.width, box.height])""")
    width, _, channels, pixels = read_png(page.picture(scale))
    colour = lambda x, y: pixels[(y * width + x) * channels : (y * width + x) * channels + 3]
    assert (sum(colour(1, 1)) > 600) == (scheme == "light"), (what, colour(1, 1))
    for number, (x, y, w, h) in enumerate(boxes):
        colours = {colour(i, j) for i in range(int(x * scale) + 2, int((x + w) * scale) - 2)
                   for j in range(int(y * scale) + 2, int((y + h) * scale) - 2)}  # fmt: skip
        assert len(colours) > 5, f"{what}: section {number + 1} is blank"


def text(page, selector):
    return page.evaluate(f"document.querySelector({json.dumps(selector)}).textContent")


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


def centre(page, selector, number=0):
    """Where the middle of an element is, once it is on the screen."""
    found = f"document.querySelectorAll({json.dumps(selector)})[{number}]"
    return page.evaluate(f"(e => {{ e.scrollIntoView({{block: 'center'}}); const r = e.getBoundingClientRect();"
                         f" return [r.x + r.width / 2, r.y + r.height / 2]; }})({found})")  # fmt: skip


def click(page, selector):
    x, y = centre(page, selector)
    page.mouse(x, y, "mousePressed")
    page.mouse(x, y, "mouseReleased")


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


def main(folder):
    subprocess.run([os.path.abspath(sys.argv[1]), folder], check=True)
    pictures(folder)
    page = Browser(folder / "profile")
    try:
        for width, scheme in itertools.product((390, 1280), ("light", "dark")):
            page.open(folder / "sample.html", width, scheme)
            fits(page, f"sample {width} {scheme}")
            shows(page, f"sample {width} {scheme}", scheme)
            if len(sys.argv) > 2:
                (folder / f"sample_{width}_{scheme}.png").write_bytes(page.picture())
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


if len(sys.argv) > 2:
    pathlib.Path(sys.argv[2]).mkdir(exist_ok=True)
    main(pathlib.Path(sys.argv[2]))
else:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        main(pathlib.Path(name))
print("all is well")
