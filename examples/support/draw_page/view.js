// What is seen: the stages of the network, as rows of pictures and as a diagram of neurons, and the answer.

const network = read_network(JSON.parse(section.querySelector(".trained").textContent));
const diagram = section.querySelector(".diagram"), tip = section.querySelector(".tip");

// A colour of the page as [r, g, b].
const colour = name => {
  const probe = document.createElement("i");
  probe.style.color = `var(--${name})`;
  section.append(probe);
  const rgb = getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number);
  probe.remove();
  return rgb;
};
let colours = {};
const read_colours = () => { for (const name of ["ink", "plus", "minus"]) colours[name] = colour(name); };

// Draws values (n, height, width) as pictures side by side: how opaque a pixel is tells its size, its colour the sign.
const draw_tiles = (canvas, [n, height, width], values, largest, positive) => {
  const columns = Math.min(n, Math.ceil(Math.sqrt(n * (height + 1) / (width + 1)))), rows = Math.ceil(n / columns);
  canvas.width = columns * (width + 1) - 1;
  canvas.height = rows * (height + 1) - 1;
  const context = canvas.getContext("2d"), image = context.createImageData(canvas.width, canvas.height);
  values.forEach((v, k) => {
    const tile = Math.floor(k / (height * width)), i = Math.floor(k / width) % height, j = k % width;
    const y = Math.floor(tile / columns) * (height + 1) + i, x = tile % columns * (width + 1) + j;
    const alpha = largest > 0 ? 255 * Math.min(Math.abs(v) / largest, 1) : 0;
    image.data.set([...colours[v < 0 ? "minus" : positive], alpha], 4 * (y * canvas.width + x));
  });
  context.putImageData(image, 0, 0);
};

// Layers that show something of their own begin a stage; norms and activations belong to the one before.
const times = option => both(option).join(" × ");
const begins = {
  Linear: () => "",
  Conv2d: o => `convolution ${times(o.kernel_size)}`,
  MaxPool2d: o => `largest of ${times(o.kernel_size)}`,
  AvgPool2d: o => `mean of ${times(o.kernel_size)}`,
  AdaptiveMaxPool2d: () => "largest of windows",
  AdaptiveAvgPool2d: () => "mean of windows",
  GlobalAvgPool: () => "mean of each map",
  Residual: () => "residual block",
};
const silent = ["Identity", "Dropout", "Dropout2d", "AlphaDropout", "Flatten", "Unflatten"];
const spoken = {relu: "ReLU", relu6: "ReLU6", BatchNorm1d: "batch norm", BatchNorm2d: "batch norm",
                GroupNorm: "group norm", InstanceNorm2d: "instance norm", LayerNorm: "layer norm",
                LogSoftmax: "softmax", Softmax: "softmax"};
const bounded = ["sigmoid", "hardsigmoid", "Softmax", "tanh", "softsign", "Gaussian"];

const as_pictures = shape => shape.length === 3 ? shape : shape.length === 1 ? [shape[0], 1, 1] : [1, ...shape];
const stages = [{shape: [1, 28, 28], details: [], at: 0}];
run(network, new Uint8Array(784)).slice(1).forEach((x, i) => {
  const layer = network.layers[i], last = stages.at(-1);
  if (silent.includes(layer.name)) return;
  const name = (begins[layer.name] ?? (() => spoken[layer.name] ?? layer.name.replace("_", " ")))(layer.options);
  if (begins[layer.name] || stages.length === 1)
    stages.push({layer, from: i, at: i + 1, details: [name], last: layer.name,
                 shape: begins[layer.name] ? as_pictures(x.shape) : last.shape});
  else Object.assign(last, {at: i + 1, last: layer.name, details: [...last.details, name]});
});
for (const stage of stages) {
  const [n, height, width] = stage.shape;
  stage.size = n * height * width;
  stage.neurons = height * width === 1;
  stage.title = stage === stages[0] ? "28 × 28 pixels" : stage.neurons ? `${n} neurons`
    : `${n} ${n > 1 ? "maps" : "map"} of ${height} × ${width}`;
  stage.detail = stage.details.filter(Boolean).join(", ");
}
stages[0].detail = "centred, 784 numbers";

// The diagram has the last stages, which are neurons, and what they are computed from.
const first = stages.findLastIndex(stage => !stage.neurons) + 1;
const columns = stages.slice(first), source = stages[first - 1];
Object.assign(columns.at(-1), {title: "answer", detail: "probabilities"});

// What is shown now: pixels, what each layer makes of them, probabilities.
let now = {pixels: new Uint8Array(784), all: [], probabilities: []};
const values_of = stage => stage === columns.at(-1) ? now.probabilities : now.all[stage.at].values;
const size_of = values => values.reduce((a, v) => Math.max(a, Math.abs(v)), 0);
const largest_of = stage =>
  stage === columns.at(-1) || stage.at === 0 || bounded.includes(stage.last) ? 1 : size_of(values_of(stage));

const number = v => page.number(Math.abs(v) < 5e-4 ? 0 : +v.toPrecision(3));
const percent = p => `${(100 * p).toFixed(p > 0.9995 || p < 0.0005 ? 0 : 1)} %`;

// Rows of pictures, where there are more than the diagram shows.
const strips = first === 1 ? [] : stages.slice(0, first).map(stage => {
  const [n, height, width] = stage.shape, shown = Math.min(n, 64);
  const strip = document.createElement("div");
  strip.className = "strip";
  strip.innerHTML = "<h4></h4><div class=maps></div>";
  const more = n > shown ? `, ${shown} of them here` : "";
  strip.querySelector("h4").append(Object.assign(document.createElement("b"), {textContent: stage.title}),
                                   ` ${stage.detail}${more}`);
  const maps = Array.from({length: shown}, (_, k) => {
    const canvas = strip.lastChild.appendChild(document.createElement("canvas"));
    canvas.addEventListener("pointerenter", event => show_map(stage, k, event));
    canvas.addEventListener("pointerleave", event => hide_tip_of_mouse(event));
    return canvas;
  });
  section.querySelector(".strips").append(strip);
  // Rows of equal length, and pixels of equal size.
  page.width(strip.lastChild, whole => {
    const least = Math.max(n > 40 ? 34 : 42, Math.min(2 * width, 56)), most = Math.floor((whole + 4) / (least + 4));
    const columns = Math.ceil(shown / Math.ceil(shown / most));
    const side = Math.min(Math.floor((whole + 4) / columns) - 4, stage.at === 0 ? 84 : 72);
    const pixel = Math.max(Math.floor(side / width), 1);
    strip.lastChild.style.gridTemplateColumns = `repeat(${columns}, ${pixel * width}px)`;
  });
  return {stage, maps, size: height * width};
});
const draw_strips = () => {
  for (const {stage, maps, size} of strips) {
    const values = values_of(stage), largest = largest_of(stage), [, height, width] = stage.shape;
    maps.forEach((canvas, k) =>
      draw_tiles(canvas, [1, height, width], values.slice(k * size, (k + 1) * size), largest, "ink"));
  }
};
