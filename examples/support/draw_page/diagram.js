// The diagram: what the first neurons are computed from, as a picture, and columns of neurons with lines between them.

const bands = 14;  // of the picture, from which lines start
const parts = {};  // what moves: the picture, circles and lines

// The neurons of a column that there is room for: all of a few, of many the first and the last ones.
const sampled = (n, most) => n <= 32 ? [...Array(n).keys()]
  : [...Array(most).keys()].map(i => i < most / 2 ? i : n - most + i);

const lay_out = width => {
  const narrow = width < 560, [height, head, margin] = narrow ? [430, 52, 76] : [560, 52, 92];
  const side = Math.min(Math.max(width - margin - 90 * columns.length, 64), narrow ? 96 : 224);
  const gap = Math.max((width - side - margin) / columns.length, 48), whole = side + margin + gap * columns.length;
  hide_tip();
  diagram.replaceChildren();
  diagram.style.cssText = `width:${whole}px;height:${height}px`;
  const svg = page.svg("svg", {width: whole, height}, diagram);
  const lines_behind = page.svg("g", {}, svg), middle = head + (height - head) / 2;
  // The longest of some texts that there is room for.
  const write = (attributes, room, texts) => {
    const text = page.svg("text", attributes, svg);
    for (text.textContent of texts) if (text.getComputedTextLength() <= room) return;
    text.remove();
  };
  const label = (x, stage, anchor, room) => {
    write({x, y: 16, "text-anchor": anchor, class: "title"}, room, [stage.title, stage.title.split(" ")[0]]);
    write({x, y: 33, "text-anchor": anchor}, room, [stage.detail, ...stage.detail.split(", ").reverse()]);
  };

  const picture = diagram.appendChild(document.createElement("canvas"));
  draw_tiles(picture, source.shape, new Float64Array(source.size), 1, "ink");
  const tall = side * picture.height / picture.width, top = middle - tall / 2;
  picture.style.cssText = `left:0;top:${top}px;width:${side}px;height:${tall}px`;
  label(0, source, "start", side + gap / 2);

  const all = [...Array(source.size).keys()], share = i => Math.round(i * source.size / bands);
  let before = [...Array(bands).keys()].map(i =>
    ({x: side + 3, y: top + (i + 0.5) * tall / bands, from: all.slice(share(i), share(i + 1))}));
  Object.assign(parts, {picture, lines: [], circles: []});
  columns.forEach((stage, c) => {
    const x = side + gap * (c + 1), shown = sampled(stage.shape[0], narrow ? 20 : 26);
    const gone = shown.length < stage.shape[0], places = shown.length + (gone ? 1 : 0);
    const step = Math.min((height - head) / places, narrow ? 32 : 44), radius = Math.min(step * 0.4, narrow ? 9 : 13);
    const neurons = shown.map((neuron, i) => ({stage, neuron, x, from: [neuron],
      y: middle + (i + (gone && i >= shown.length / 2 ? 1 : 0) - (places - 1) / 2) * step}));
    if (gone) page.svg("text", {x, y: middle + 5, "text-anchor": "middle", class: "ellipsis"}, svg, "⋮");
    for (const to of neurons) {
      if (stage.layer.name === "Linear")
        for (const from of before)
          parts.lines.push({c, to, from,
                            line: page.svg("line", {x1: from.x, y1: from.y, x2: x, y2: to.y}, lines_behind)});
      to.circle = page.svg("circle", {cx: x, cy: to.y, r: radius}, svg);
      if (stage === columns.at(-1)) {
        to.digit = page.svg("text", {x: x + radius + 8, y: to.y + 6, class: "digit"}, svg, to.neuron);
        to.share = page.svg("text", {x: x + radius + 24, y: to.y + 5}, svg);
      }
    }
    if (stage === columns.at(-1)) label(x - 12, stage, "start", margin + 12);
    else label(x, stage, "middle", gap - 10);
    parts.circles.push(...neurons);
    before = neurons;
  });
  draw_diagram();
};

// What a line carries: of the weights of its neuron those from where it comes, times what comes from there or, where
// only the weights are asked for, as they are.
const carried = ({to, from}, alone) => {
  const {weight} = to.stage.layer.weights, n = weight.shape[1], values = now.all[to.stage.from].values;
  return from.from.reduce((sum, i) => sum + weight.values[to.neuron * n + i] * (alone ? 1 : values[i]), 0);
};

let pointed = null;  // the neuron that is pointed at
const draw_diagram = () => {
  if (!parts.picture || !now.all.length) return;
  const opacity = v => v.toFixed(3);
  draw_tiles(parts.picture, source.shape, values_of(source), largest_of(source), "ink");
  for (const {stage, neuron, circle, digit, share} of parts.circles) {
    const v = values_of(stage)[neuron] ?? 0, largest = largest_of(stage);
    circle.setAttribute("fill", `var(--${v < 0 ? "minus" : "ink"})`);
    circle.setAttribute("fill-opacity", opacity(largest > 0 ? Math.min(Math.abs(v) / largest, 1) : 0));
    circle.classList.toggle("here", pointed?.circle === circle);
    if (!digit) continue;
    const best = v > 0 && v === Math.max(...now.probabilities);
    for (const text of [digit, share]) text.classList.toggle("best", best);
    share.textContent = v >= 0.005 ? percent(v) : "";
  }
  columns.forEach((stage, c) => {
    const lines = parts.lines.filter(line => line.c === c), here = pointed?.stage === stage;
    const sizes = lines.map(line => !here || line.to === pointed ? carried(line, here && c > 0) : 0);
    const largest = sizes.reduce((a, v) => Math.max(a, Math.abs(v)), 1e-12);
    lines.forEach(({line}, i) => {
      const share = Math.abs(sizes[i]) / largest;
      line.setAttribute("stroke", `var(--${sizes[i] < 0 ? "minus" : "plus"})`);
      line.setAttribute("stroke-opacity",
                        opacity(here ? share && 0.12 + 0.88 * share : (pointed ? 0.2 : 0.75) * share ** 1.2));
    });
  });
};

// A picture and some words beside the pointer.
const show_tip = (event, title, text, pictures) => {
  const [heading, canvas, words] = tip.children;
  heading.textContent = title;
  words.textContent = text;
  canvas.hidden = !pictures;
  if (pictures) {
    draw_tiles(canvas, pictures.shape, pictures.values, size_of(pictures.values), "plus");
    canvas.style.width = `${canvas.width * Math.max(Math.round(168 / canvas.width), 1)}px`;
  }
  tip.hidden = false;
  const box = tip.getBoundingClientRect(), room = document.documentElement;
  const within = (v, size, all) => Math.min(Math.max(v, 8), Math.max(all - size - 8, 8));
  let [x, y] = [event.clientX - box.width / 2, event.clientY - box.height - 24];  // above: a finger hides what is below
  if (event.pointerType === "mouse") {
    [x, y] = [event.clientX + 22, event.clientY - box.height / 2];
    if (x + box.width + 8 > room.clientWidth) x = event.clientX - box.width - 22;
  } else if (y < 8) y = event.clientY + 30;
  tip.style.left = `${within(x, box.width, room.clientWidth)}px`;
  tip.style.top = `${within(y, box.height, room.clientHeight)}px`;
};
const hide_tip = () => {
  tip.hidden = true;
  if (pointed) pointed = null, draw_diagram();
};
// A finger that is lifted leaves what it has shown.
const hide_tip_of_mouse = event => { if (event.pointerType === "mouse") hide_tip(); };

const show_map = (stage, k, event) => {
  const weight = stage.layer?.name === "Conv2d" && stage.layer.weights.weight;
  if (!weight) return hide_tip();
  const [, inputs, height, width] = weight.shape, size = inputs * height * width;
  show_tip(event, `Map ${k + 1} of ${stage.shape[0]}`,
           inputs > 1 ? `looks for this in ${inputs} maps` : "looks for this, wherever it is",
           {shape: [inputs, height, width], values: weight.values.slice(k * size, (k + 1) * size)});
};

const show_neuron = event => {
  const [stage, neuron] = [pointed.stage, pointed.neuron], value = values_of(stage)[neuron];
  const answers = stage === columns.at(-1);
  const name = answers ? `Digit ${neuron}` : `Neuron ${neuron + 1} of ${stage.shape[0]}`;
  if (stage.layer.name !== "Linear") return show_tip(event, name, number(value));
  const {weight, bias} = stage.layer.weights, n = weight.shape[1], sum = now.all[stage.from + 1].values[neuron];
  const before = bias ? bias.values[neuron] : 0;
  const what = stage !== columns[0] ? "neurons" : source.at ? "maps" : "pixels";
  const text = [`weights × ${what}: ${number(sum - before)}`,
                ...bias ? [`bias: ${number(before)}`] : [],
                `${answers ? "probability" : stage.detail || "sum"}: ${answers ? percent(value ?? 0) : number(value)}`];
  show_tip(event, name, text.join("\n"), stage === columns[0] &&
    {shape: source.shape, values: weight.values.slice(neuron * n, (neuron + 1) * n)});
};

// The nearest neuron is the one that is meant: fingers are wide.
const point = event => {
  const box = diagram.getBoundingClientRect(), x = event.clientX - box.x, y = event.clientY - box.y;
  const away = ({x: cx, y: cy}) => Math.hypot(cx - x, cy - y);
  const nearest = parts.circles.reduce((a, b) => away(b) < away(a) ? b : a);
  if (away(nearest) > 28) return hide_tip();
  pointed = nearest;
  draw_diagram();
  show_neuron(event);
};
diagram.addEventListener("pointermove", point);
diagram.addEventListener("pointerdown", point);
diagram.addEventListener("pointerleave", hide_tip_of_mouse);
addEventListener("scroll", hide_tip, {passive: true});

// The answer.
const guess = document.querySelector(".guess"), sure = document.querySelector(".sure");
const bars = [...Array(10).keys()].map(digit => {
  const bar = document.querySelector(".bars").appendChild(document.createElement("li"));
  bar.append(document.createElement("i"), String(digit));
  return bar;
});
const draw_answer = () => {
  const best = now.probabilities.indexOf(Math.max(...now.probabilities));
  guess.textContent = best < 0 ? "?" : best;
  sure.textContent = best < 0 ? "" : percent(now.probabilities[best]);
  bars.forEach((bar, digit) => {
    const p = now.probabilities[digit] ?? 0;
    bar.style.setProperty("--p", p);
    bar.title = `${digit}: ${percent(p)}`;
    bar.classList.toggle("best", digit === best);
  });
};

let asked = 0;
const paper = make_paper(document.querySelector(".paper"), strokes => {
  now.pixels = picture_of(strokes);
  now.drawn = strokes.length > 0;
  asked ||= requestAnimationFrame(compute);
});
const draw = () => { draw_strips(); draw_diagram(); draw_answer(); };
const compute = () => {
  asked = 0;
  now.all = run(network, Array.from(now.pixels, v => v / 256));  // as in a batch of a data set
  now.probabilities = now.drawn ? probabilities_of(network, now.all.at(-1)) : [];
  section.now = now;  // for who would like to look at the numbers
  draw();
};
const recolour = () => { read_colours(); paper.draw(); if (now.all.length) draw(); };
new MutationObserver(recolour).observe(document.documentElement, {attributeFilter: ["data-theme"]});
read_colours();
page.width(section.querySelector(".scroll"), lay_out);
