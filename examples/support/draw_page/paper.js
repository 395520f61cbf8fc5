// The paper: strokes of the visitor, lists of points in [0, 1], and the picture of 28 x 28 that is made of them.

// How far its ink reaches from the middle of a line, in pixels of that picture: MNIST's digits have as much ink. Over
// the last pixel it fades.
const reach = 1.95;

// How much ink is on each pixel when the points lie where `place` puts them.
const inked = (strokes, place) => {
  const ink = new Float64Array(784);
  for (const stroke of strokes)
    stroke.forEach((point, n) => {
      const [ax, ay] = place(stroke[Math.max(n - 1, 0)]), [bx, by] = place(point);
      const dx = bx - ax, dy = by - ay, length = dx * dx + dy * dy;
      const from = v => Math.max(Math.floor(v - reach), 0), to = v => Math.min(Math.ceil(v + reach), 28);
      for (let i = from(Math.min(ay, by)); i < to(Math.max(ay, by)); ++i)
        for (let j = from(Math.min(ax, bx)); j < to(Math.max(ax, bx)); ++j) {
          const x = j + 0.5 - ax, y = i + 0.5 - ay;
          const along = length > 0 ? Math.min(Math.max((x * dx + y * dy) / length, 0), 1) : 0;
          const away = Math.hypot(x - along * dx, y - along * dy);
          ink[28 * i + j] = Math.max(ink[28 * i + j], Math.min(reach - away, 1));
        }
    });
  return ink;
};

// As MNIST's are made: the strokes fill 20 x 20 pixels in their own proportions, and their centre of mass is the
// middle of pixel (14, 14). Bytes, 0 where nothing is.
const picture_of = strokes => {
  const points = strokes.flat();
  if (!points.length) return new Uint8Array(784);
  const [xs, ys] = [0, 1].map(k => points.map(p => p[k]));
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const scale = (20 - 2 * reach) / Math.max(right - left, bottom - top, 1e-3);
  const place = (x, y) => p => [x + (p[0] - (left + right) / 2) * scale, y + (p[1] - (top + bottom) / 2) * scale];
  const ink = inked(strokes, place(14.5, 14.5)), mass = ink.reduce((a, b) => a + b, 0);
  const centre = f => ink.reduce((sum, v, i) => sum + v * (f(i) + 0.5), 0) / mass;
  const [x, y] = [29 - centre(i => i % 28), 29 - centre(i => Math.floor(i / 28))];
  return Uint8Array.from(inked(strokes, place(x, y)), v => Math.round(255 * v));
};

// A 3, which is drawn for who has just come.
const arc = (x, y, radius, from, to) => Array.from({length: 25}, (_, i) => {
  const angle = (from + (to - from) * i / 24) * Math.PI / 180;
  return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
});
const three = [...arc(0.48, 0.34, 0.15, -165, 90), ...arc(0.48, 0.67, 0.18, -90, 150)];

// Lets the visitor draw on the element's canvas, and calls changed(strokes) when something has been drawn.
const make_paper = (element, changed) => {
  const canvas = element.querySelector("canvas"), hint = element.querySelector("p");
  let strokes = [], drawing = null, shown = null;  // shown: by the example, while it is there

  const draw = () => {
    const size = canvas.width = canvas.height = Math.round(canvas.clientWidth * devicePixelRatio);
    const context = canvas.getContext("2d");
    context.strokeStyle = getComputedStyle(canvas).color;
    context.lineWidth = 0.085 * size;
    context.lineCap = context.lineJoin = "round";
    for (const stroke of strokes) {
      context.beginPath();
      for (const [x, y] of [stroke[0], ...stroke]) context.lineTo(x * size, y * size);
      context.stroke();
    }
    hint.hidden = strokes.length > 0 && !shown;
  };
  const show = () => { draw(); changed(strokes); };
  const clear = () => { cancelAnimationFrame(shown); shown = null; drawing = null; strokes = []; show(); };

  const add = event => {
    const box = canvas.getBoundingClientRect(), moves = event.getCoalescedEvents?.() ?? [];
    for (const e of moves.length ? moves : [event])
      drawing.push([(e.clientX - box.x) / box.width, (e.clientY - box.y) / box.height]);
    show();
  };
  canvas.addEventListener("pointerdown", event => {
    if (!event.isPrimary || event.button) return;
    if (shown) clear();
    canvas.setPointerCapture(event.pointerId);
    strokes.push(drawing = []);
    add(event);
  });
  canvas.addEventListener("pointermove", event => { if (drawing && event.isPrimary) add(event); });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { drawing = null; });
  element.querySelector("button").addEventListener("click", clear);

  // The example draws itself, and goes when the visitor begins.
  const begin = performance.now(), still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const go_on = now => {
    const count = still ? three.length : Math.min(Math.floor((now - begin) / 25) + 1, three.length);
    strokes = [three.slice(0, Math.max(count, 1))];
    if (count < three.length) shown = requestAnimationFrame(go_on);
    show();
  };
  page.width(canvas, draw);
  shown = requestAnimationFrame(go_on);
  return {draw};
};
