"""Chromium without a window, spoken to by its DevTools protocol; a script that imports this ends with 77 where there is
none."""
import base64
import fcntl
import itertools
import json
import os
import pathlib
import select
import shutil
import subprocess
import sys
import tempfile

from read_files import read_png

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
        phone = width < 500
        screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": phone}
        self.call("Emulation.setDeviceMetricsOverride", **screen)
        self.call("Emulation.setTouchEmulationEnabled", enabled=phone)
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


def centre(page, selector, number=0):
    """Where the middle of an element is, once it is on the screen."""
    found = f"document.querySelectorAll({json.dumps(selector)})[{number}]"
    return page.evaluate(f"(e => {{ e.scrollIntoView({{block: 'center'}}); const r = e.getBoundingClientRect();"
                         f" return [r.x + r.width / 2, r.y + r.height / 2]; }})({found})")  # fmt: skip


def click(page, selector):
    x, y = centre(page, selector)
    page.mouse(x, y, "mousePressed")
    page.mouse(x, y, "mouseReleased")


def in_folder(main):
    """Calls main(folder), where pages and pictures go: the command line's second word, else one that is gone then."""
    if len(sys.argv) > 2:
        pathlib.Path(sys.argv[2]).mkdir(exist_ok=True)
        main(pathlib.Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
            main(pathlib.Path(name))
    print("all is well")
