"""The page to draw on, in a browser: it takes strokes of mouse and finger, computes what the library computes, and
shows it on screens of both widths and colours.

Run as `draw_browser.py PROBE [FOLDER]`; pages and screenshots stay in FOLDER if one is named. Exits with 0 when all is
well, 1 when something is not, 77 when there is no Chromium."""
import array
import itertools
import json
import math
import pathlib
import subprocess
import sys

from browser import Browser, centre, click, fits, in_folder, shows, text

probe = sys.argv[1]
networks = pathlib.Path(__file__).parent / "draw" / "networks.txt"
title = "</script><script>alert(1)</script> <!--<b>&amp; \"'`"


def arc(x, y, radius, begin, end, count=12):
    angles = [math.radians(begin + (end - begin) * i / (count - 1)) for i in range(count)]
    return [(x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles]


# Digits as strokes on a square of 1 x 1.
digits = {
    1: [[(0.5, 0.2), (0.5, 0.8)]],
    3: [arc(0.48, 0.34, 0.15, -165, 90) + arc(0.48, 0.67, 0.18, -90, 150)],
    4: [[(0.35, 0.2), (0.3, 0.55), (0.7, 0.55)], [(0.62, 0.3), (0.6, 0.85)]],
    7: [[(0.3, 0.25), (0.7, 0.25), (0.45, 0.85)]],
}


def finer(stroke):
    """With points between, as a hand that moves gives them."""
    for (ax, ay), (bx, by) in zip(stroke, stroke[1:]):
        yield from ((ax + (bx - ax) * i / 4, ay + (by - ay) * i / 4) for i in range(4))
    yield stroke[-1]


def draw(page, strokes, finger=False, scale=1.0, left=0.0, top=0.0):
    """Draws on the paper, which is cleared, and gives what the page has then: pixels, layers, probabilities."""
    click(page, ".clear")
    x, y = centre(page, ".paper canvas")
    side = page.evaluate("document.querySelector('.paper canvas').clientWidth")
    place = lambda p: (x + (left + scale * p[0] - 0.5) * side, y + (top + scale * p[1] - 0.5) * side)
    for stroke in strokes:
        points = [place(p) for p in finer(stroke)]
        if finger:
            for kind, p in [("touchStart", points[0]), *(("touchMove", p) for p in points[1:])]:
                page.call("Input.dispatchTouchEvent", type=kind, touchPoints=[{"x": p[0], "y": p[1]}])
            page.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
        else:
            kinds = ["mousePressed", *["mouseMoved"] * (len(points) - 1), "mouseReleased"]
            for kind, (px, py) in zip(kinds, [*points, points[-1]]):
                held = {"button": "left", "buttons": int(kind != "mouseReleased"), "clickCount": 1}
                page.call("Input.dispatchMouseEvent", type=kind, x=px, y=py, **held)
    page.drawn()
    page.drawn()
    now = page.evaluate("""(({pixels, all, probabilities}) => ({pixels: [...pixels], probabilities,
      layers: all.slice(1).map(x => [...x.values])}))(document.querySelector("section:has(.network)").now)""")
    assert sum(now["pixels"]) > 0, "nothing is drawn"
    return now


def centred(pixels):
    """As MNIST has its digits: in 20 x 20 pixels, the centre of mass in the middle of pixel (14, 14)."""
    rows = [i for i in range(28) if any(pixels[28 * i : 28 * i + 28])]
    columns = [j for j in range(28) if any(pixels[j::28])]
    assert max(pixels) == 255 and 19 <= max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1 <= 21, (rows, columns)
    for place in (lambda i: i // 28, lambda i: i % 28):
        middle = sum(v * place(i) for i, v in enumerate(pixels)) / sum(pixels)
        assert abs(middle - 14) < 0.1, middle


def same_numbers(now, folder, number):
    """The page's layers and probabilities are the library's."""
    given = folder / "pixels"
    given.write_bytes(bytes(now["pixels"]))
    ran = subprocess.run([probe, "answers", folder / f"{number}.safetensors", given], capture_output=True, check=True)
    *layers, probabilities = json.loads(ran.stdout)
    # The page has the layers of a Sequential one by one.
    at = 0
    for i, layer in enumerate(layers):
        while at + 1 < len(now["layers"]) and not close(now["layers"][at], layer):
            at += 1
        assert close(now["layers"][at], layer), f"network {number}, layer {i}"
    assert at + 1 == len(now["layers"]), "there are more layers"
    assert close(now["probabilities"], probabilities), (now["probabilities"], probabilities)
    assert abs(sum(probabilities) - 1) < 1e-4 and max(probabilities) - min(probabilities) > 1e-3


def close(a, b):
    return len(a) == len(b) and all(abs(x - y) <= 1e-4 * max(1, abs(y)) for x, y in zip(a, b))


def answered(page, now):
    """The bars, the guess and the last neurons show the probabilities."""
    p = now["probabilities"]
    bars = page.evaluate("[...document.querySelectorAll('.bars li')].map(bar => +bar.style.getPropertyValue('--p'))")
    assert bars == p, (bars, p)
    best = p.index(max(p))
    assert text(page, ".guess") == str(best) and text(page, ".bars .best") == str(best)
    assert abs(float(text(page, ".sure").split()[0]) - 100 * p[best]) <= 0.051
    circles = page.evaluate("""[...document.querySelectorAll(".diagram circle")].slice(-10)
      .map(circle => +circle.getAttribute("fill-opacity"))""")
    assert all(abs(a - b) < 1e-3 for a, b in zip(circles, p)), (circles, p)


def weights_of(folder, number, name):
    data = (folder / f"{number}.safetensors").read_bytes()
    size = int.from_bytes(data[:8], "little")
    entry = json.loads(data[8 : 8 + size])[name]
    begin, end = entry["data_offsets"]
    return entry["shape"], array.array("f", data[8 + size + begin : 8 + size + end])


def point(page, selector, number):
    """Moves the mouse there, once the page has been scrolled there."""
    place = centre(page, selector, number)
    page.drawn()
    page.mouse(*place)
    assert not page.evaluate("document.querySelector('.tip').hidden"), (selector, number)


def pointed(page, folder, now):
    """A neuron that is pointed at shows the weights that lead into it: as a picture, or as lines."""
    point(page, ".diagram circle", 4)
    assert text(page, ".tip b") == "Neuron 5 of 30", text(page, ".tip b")
    shown = page.evaluate("""(c => [c.width, c.height, ...c.getContext("2d").getImageData(0, 0, 28, 28).data])
      (document.querySelector(".tip canvas"))""")
    _, weight = weights_of(folder, 0, "0.weight")
    into, most = weight[4 * 784 : 5 * 784], max(map(abs, weight[4 * 784 : 5 * 784]))
    assert shown[:2] == [28, 28]
    for i, w in enumerate(into):
        red, _, blue, alpha = shown[2 + 4 * i : 6 + 4 * i]
        assert abs(alpha - 255 * abs(w) / most) <= 1, (i, w, alpha)
        assert alpha < 20 or (red > blue) == (w > 0), (i, w, red, blue)
    sum_of = sum(w * v / 256 for w, v in zip(into, now["pixels"]))
    told = text(page, ".tip p").split("\n")
    assert [line.split(":")[0] for line in told] == ["weights × pixels", "bias", "sigmoid"], told
    read = [float(line.split(": ")[1].replace("−", "-")) for line in told]
    expected = [sum_of, weights_of(folder, 0, "0.bias")[1][4], now["layers"][1][4]]
    assert all(abs(a - b) <= 6e-3 * abs(b) + 6e-4 for a, b in zip(read, expected)), (read, expected)

    point(page, ".diagram circle", 30 + 6)
    assert text(page, ".tip b") == "Digit 6" and page.evaluate("document.querySelector('.tip canvas').hidden")
    lines = page.evaluate("""[...document.querySelectorAll(".diagram line")].slice(-300).map(line =>
      [line.getAttribute("stroke"), +line.getAttribute("stroke-opacity")])""")
    into = weights_of(folder, 0, "2.weight")[1][6 * 30 : 7 * 30]
    for i, (colour, opacity) in enumerate(lines):
        if i // 30 != 6:
            assert opacity == 0, i
        else:
            w, most = into[i % 30], max(map(abs, into))
            assert colour == ("var(--minus)" if w < 0 else "var(--plus)")
            assert abs(opacity - 0.12 - 0.88 * abs(w) / most) < 2e-3, (i, w, opacity)
    page.mouse(5, 5)
    assert page.evaluate("document.querySelector('.tip').hidden")


def touched(page):
    """A finger sees what a mouse does, and when it is lifted too."""
    x, y = centre(page, ".diagram circle", 4)
    page.drawn()
    page.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x + 4, "y": y}])
    page.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    page.drawn()
    box = page.evaluate("""(b => [b.left, b.top, b.right, b.bottom])
      (document.querySelector(".tip").getBoundingClientRect())""")
    assert text(page, ".tip b") == "Neuron 5 of 30" and 0 <= box[0] < box[2] <= 390 and 0 <= box[1] < box[3] <= y, box


def recoloured(page):
    """Pictures have the colours of the theme that is chosen."""
    # Of a copy: a browser warns of a canvas that is read twice.
    ink = lambda: page.evaluate("""(copy => {
      copy.drawImage(document.querySelector(".diagram canvas"), 0, 0);
      return [...copy.getImageData(0, 0, 28, 28).data].find((v, i, all) => i % 4 === 0 && all[i + 3] > 250);
    })(new OffscreenCanvas(28, 28).getContext("2d"))""")
    before = ink()
    click(page, ".theme")
    page.drawn()
    assert abs(ink() - before) > 150, (before, ink())
    click(page, ".theme")


def maps(page, now):
    """Each map of a convolution is a picture of its numbers."""
    shown = page.evaluate("""[...document.querySelectorAll(".strip")].map(strip =>
      [strip.querySelector("b").textContent, ...[...strip.querySelectorAll("canvas")].map(c => [c.width, c.height,
        ...c.getContext("2d").getImageData(0, 0, c.width, c.height).data.filter((_, i) => i % 4 === 3)])])""")
    names = ["28 × 28 pixels", "6 maps of 14 × 14", "6 maps of 7 × 7", "8 maps of 7 × 7", "8 maps of 4 × 3"]
    assert [name for name, *_ in shown] == names, [name for name, *_ in shown]
    for (name, *pictures), layer in zip(shown[1:], (3, 4, 7, 8)):
        values = now["layers"][layer]
        most, size = max(map(abs, values)), len(values) // len(pictures)
        for k, (width, height, *alpha) in enumerate(pictures):
            assert width * height == size == len(alpha), name
            for a, v in zip(alpha, values[k * size :]):
                assert abs(a - 255 * abs(v) / most) <= 1, (name, k)
    point(page, ".strip:nth-child(2) canvas", 2)
    assert text(page, ".tip b") == "Map 3 of 6"
    assert page.evaluate("document.querySelector('.tip canvas').width") == 5
    page.mouse(5, 5)


def main(folder):
    subprocess.run([probe, "write", networks, folder], check=True)
    page = Browser(folder / "profile")
    picture = lambda name: len(sys.argv) > 2 and (folder / f"{name}.png").write_bytes(page.picture())
    try:
        for number, width, scheme in itertools.product((0, 1), (390, 1280), ("light", "dark")):
            what = f"network {number} {width} {scheme}"
            page.open(folder / f"{number}.html", width, scheme)
            now = draw(page, digits[3], finger=width < 500)
            centred(now["pixels"])
            same_numbers(now, folder, number)
            answered(page, now)
            if width < 500 and number == 0:
                touched(page)
            page.evaluate("scrollTo(0, 0)")
            page.drawn()
            shows(page, what, scheme)
            fits(page, what)
            picture(f"{number}_{width}_{scheme}")
        maps(page, now)
        page.open(folder / "0.html", 1280, "light")
        assert page.evaluate("[document.title, document.querySelector('h1').textContent]") == [title, title]
        large = draw(page, digits[4], scale=1.0)
        pointed(page, folder, large)
        recoloured(page)
        # Where it is drawn and how large makes no difference but for the places that a mouse has.
        small = draw(page, digits[4], scale=0.5, left=0.4, top=0.05)
        assert sum(abs(a - b) for a, b in zip(small["pixels"], large["pixels"])) < 0.03 * sum(large["pixels"])
        for digit in (1, 7):
            centred(draw(page, digits[digit])["pixels"])
        line = draw(page, digits[1])["pixels"]
        across = line[28 * 14 : 28 * 15]
        assert across[14] == 255 and across[13] == across[15] > 200 and not any(across[:12]) and not any(across[17:])
        assert not any(line[: 28 * 4]), "it is not upright in the middle"
        click(page, ".clear")
        page.drawn()
        assert text(page, ".guess") == "?", text(page, ".guess")
        assert not page.problems(), page.problems()
        for number in range(2, len(networks.read_text().splitlines())):
            page.open(folder / f"{number}.html", 390, "dark")
            now = draw(page, digits[4], finger=True)
            same_numbers(now, folder, number)
            answered(page, now)
            fits(page, f"network {number}")
            picture(f"{number}_390_dark")
    finally:
        page.close()


in_folder(main)
