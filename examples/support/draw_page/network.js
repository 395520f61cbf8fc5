// The network: what its layers compute of one picture. A tensor is {shape, values}; there is no axis for a batch.

const product = sizes => sizes.reduce((a, b) => a * b, 1);
const tensor = (shape, values = new Float64Array(product(shape))) => ({shape, values});
const each = (x, f) => tensor(x.shape, x.values.map(f));

// f(value, weight of its channel, ...): channels are axis 0; one weight is for all of them.
const each_channel = (x, weights, f) => {
  const inner = x.values.length / x.shape[0];
  return each(x, (v, i) => f(v, ...weights.map(w => w.values[w.values.length > 1 ? Math.floor(i / inner) : 0])));
};

// An option of an axis: {2} or {2, 3}, one for both or one for each.
const both = option => [option[0], option[option.length - 1]];

// (x - mean) / sqrt(var + eps) of each run of `length` elements.
const normalised = (x, length, eps) => {
  const y = tensor(x.shape);
  for (let begin = 0; begin < x.values.length; begin += length) {
    const run = x.values.subarray(begin, begin + length), mean = run.reduce((a, b) => a + b, 0) / length;
    const variance = run.reduce((a, b) => a + (b - mean) ** 2, 0) / length;
    run.forEach((v, i) => { y.values[begin + i] = (v - mean) / Math.sqrt(variance + eps); });
  }
  return y;
};

// f of all that is inside of each window, which are [begin, end) of rows and of columns.
const pooled = (x, rows, columns, f) => {
  const [channels, height, width] = x.shape, y = tensor([channels, rows.length, columns.length]);
  let at = 0;
  for (let c = 0; c < channels; ++c)
    for (const [top, bottom] of rows)
      for (const [left, right] of columns) {
        const window = [];
        for (let i = top; i < bottom; ++i)
          for (let j = left; j < right; ++j) window.push(x.values[(c * height + i) * width + j]);
        y.values[at++] = f(window);
      }
  return y;
};
const windows = (length, size, stride, padding) =>
  Array.from({length: Math.floor((length + 2 * padding - size) / stride) + 1}, (_, i) => i * stride - padding)
    .map(begin => [Math.max(begin, 0), Math.min(begin + size, length)]);
const pool = (x, o, f) => {
  const size = both(o.kernel_size), stride = both(o.stride.length ? o.stride : o.kernel_size);
  const padding = both(o.padding);
  const axis = i => windows(x.shape[i + 1], size[i], stride[i], padding[i]);
  return pooled(x, axis(0), axis(1), window => f(window, size[0] * size[1]));
};
const adaptive_pool = (x, o, f) => {
  const axis = i => {
    const size = both(o.output_size)[i], length = x.shape[i + 1];
    return Array.from({length: size}, (_, k) => [Math.floor(k * length / size), Math.ceil((k + 1) * length / size)]);
  };
  return pooled(x, axis(0), axis(1), window => f(window, window.length));
};
const largest = window => window.reduce((a, b) => Math.max(a, b));
const mean = (window, count) => window.reduce((a, b) => a + b, 0) / count;

// e^(x - largest) along an axis, and their sums: finish(e, sum, x - largest).
const softmax = (x, axis, finish) => {
  const at = axis < 0 ? axis + x.shape.length : axis - 1, n = x.shape[at], inner = product(x.shape.slice(at + 1));
  const y = tensor(x.shape);
  for (let i = 0; i < x.values.length; ++i) {
    if (Math.floor(i / inner) % n) continue;
    const line = Array.from({length: n}, (_, k) => x.values[i + k * inner]), top = largest(line);
    const sum = line.reduce((a, v) => a + Math.exp(v - top), 0);
    line.forEach((v, k) => { y.values[i + k * inner] = finish(Math.exp(v - top), sum, v - top); });
  }
  return y;
};

const sigmoid = v => 1 / (1 + Math.exp(-v));
const held = (v, low, high) => Math.min(Math.max(v, low), high);
const log1pexp = v => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)));
// The error function to 1.2e-7. Source: Press et al., "Numerical Recipes", erfcc.
const erf = v => {
  const t = 1 / (1 + Math.abs(v) / 2);
  const terms = [-1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587,
                 -0.82215223, 0.17087277];
  const tail = t * Math.exp(-v * v + terms.reduceRight((sum, a) => sum * t + a, 0));
  return v < 0 ? tail - 1 : 1 - tail;
};

// Elements: f(value, options...).
const activations = {
  sigmoid, tanh: Math.tanh,
  relu: v => Math.max(v, 0),
  log_sigmoid: v => -log1pexp(-v),
  softsign: v => v / (1 + Math.abs(v)),
  silu: v => v * sigmoid(v),
  relu6: v => held(v, 0, 6),
  hardsigmoid: v => held((v + 3) / 6, 0, 1),
  hardswish: v => v * held((v + 3) / 6, 0, 1),
  selu: v => 1.0507009873554804934 * (v > 0 ? v : 1.6732632423543772848 * Math.expm1(v)),
  mish: v => v * Math.tanh(log1pexp(v)),
  tanhshrink: v => v - Math.tanh(v),
  lecun_tanh: v => 1.7159 * Math.tanh(v * 2 / 3),
  GELU: (v, o) => v / 2 * (1 + (o.tanh[0] ? Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3))
                                          : erf(v / Math.SQRT2))),
  Softplus: (v, o) => o.beta[0] * v > o.threshold[0] ? v : log1pexp(o.beta[0] * v) / o.beta[0],
  LeakyReLU: (v, o) => v > 0 ? v : o.slope[0] * v,
  ELU: (v, o) => v > 0 ? v : o.alpha[0] * Math.expm1(v),
  CELU: (v, o) => v > 0 ? v : o.alpha[0] * Math.expm1(v / o.alpha[0]),
  Threshold: (v, o) => v > o.threshold[0] ? v : o.value[0],
  Hardtanh: (v, o) => held(v, o.min_val[0], o.max_val[0]),
  Sine: (v, o) => Math.sin(o.omega[0] * v),
  Gaussian: (v, o) => Math.exp(-v * v / (2 * o.sigma[0] ** 2)),
};

// Layers: f(x, options, weights), where weights are by their names in the layer.
const layers = {
  Linear(x, o, {weight, bias}) {
    const [out, n] = weight.shape, rows = x.values.length / n, y = tensor([...x.shape.slice(0, -1), out]);
    for (let r = 0; r < rows; ++r)
      for (let k = 0; k < out; ++k) {
        let sum = bias ? bias.values[k] : 0;
        for (let i = 0; i < n; ++i) sum += weight.values[k * n + i] * x.values[r * n + i];
        y.values[r * out + k] = sum;
      }
    return y;
  },

  Conv2d(x, o, {weight, bias}) {
    const [, height, width] = x.shape, [out, inputs, kh, kw] = weight.shape, of_group = out / o.groups[0];
    const [sy, sx] = both(o.stride), [py, px] = both(o.padding), [dy, dx] = both(o.dilation);
    const rows = Math.floor((height + 2 * py - dy * (kh - 1) - 1) / sy) + 1;
    const columns = Math.floor((width + 2 * px - dx * (kw - 1) - 1) / sx) + 1;
    const y = tensor([out, rows, columns]);
    for (let k = 0; k < out; ++k) {
      const map = y.values.subarray(k * rows * columns, (k + 1) * rows * columns).fill(bias ? bias.values[k] : 0);
      for (let c = 0; c < inputs; ++c)
        for (let a = 0; a < kh; ++a)
          for (let b = 0; b < kw; ++b) {
            const w = weight.values[((k * inputs + c) * kh + a) * kw + b];
            const from = (Math.floor(k / of_group) * inputs + c) * height;
            for (let i = 0; i < rows; ++i) {
              const line = i * sy - py + a * dy;
              if (line < 0 || line >= height) continue;
              for (let j = 0; j < columns; ++j) {
                const place = j * sx - px + b * dx;
                if (place >= 0 && place < width) map[i * columns + j] += w * x.values[(from + line) * width + place];
              }
            }
          }
    }
    return y;
  },

  MaxPool2d: (x, o) => pool(x, o, largest),
  AvgPool2d: (x, o) => pool(x, o, mean),
  AdaptiveMaxPool2d: (x, o) => adaptive_pool(x, o, largest),
  AdaptiveAvgPool2d: (x, o) => adaptive_pool(x, o, mean),
  GlobalAvgPool: x => tensor([x.shape[0]], adaptive_pool(x, {output_size: [1]}, mean).values),

  BatchNorm2d: (x, o, w) => {
    const y = each_channel(x, [w.running_mean, w.running_var], (v, m, s) => (v - m) / Math.sqrt(s + o.eps[0]));
    return w.weight ? each_channel(y, [w.weight, w.bias], (v, a, b) => v * a + b) : y;
  },
  BatchNorm1d: (x, o, w) => layers.BatchNorm2d(x, o, w),
  GroupNorm(x, o, {weight, bias}) {
    const y = normalised(x, x.values.length / o.groups[0], o.eps[0]);
    return weight ? each_channel(y, [weight, bias], (v, a, b) => v * a + b) : y;
  },
  InstanceNorm2d: (x, o, w) => layers.GroupNorm(x, {...o, groups: [x.shape[0]]}, w),
  LayerNorm(x, o, {weight, bias}) {
    const n = product(o.normalized), y = normalised(x, n, o.eps[0]);
    return each(y, (v, i) => v * (weight ? weight.values[i % n] : 1) + (bias ? bias.values[i % n] : 0));
  },

  Identity: x => x, Dropout: x => x, Dropout2d: x => x, AlphaDropout: x => x,
  Flatten(x, o) {
    // Counted with the batch, as axis 0.
    const [start, end] = [o.start[0], o.end[0]].map(axis => axis < 0 ? axis + x.shape.length : axis - 1);
    const joined = product(x.shape.slice(start, end + 1));
    return tensor([...x.shape.slice(0, start), joined, ...x.shape.slice(end + 1)], x.values);
  },
  Unflatten(x, o) {
    const at = o.axis[0] < 0 ? o.axis[0] + x.shape.length : o.axis[0] - 1, known = Math.abs(product(o.sizes));
    const sizes = o.sizes.map(n => n < 0 ? x.shape[at] / known : n);
    return tensor([...x.shape.slice(0, at), ...sizes, ...x.shape.slice(at + 1)], x.values);
  },

  Softmax: (x, o) => softmax(x, o.axis[0], (e, sum) => e / sum),
  LogSoftmax: (x, o) => softmax(x, o.axis[0], (e, sum, v) => v - Math.log(sum)),
  PReLU: (x, o, {weight}) => each_channel(x, [weight], (v, a) => v > 0 ? v : a * v),
  Swish: (x, o, {beta}) => each_channel(x, [beta], (v, b) => v * sigmoid(b * v)),
};

const apply = (layer, x) => {
  if (layer.name === "Sequential") return layer.parts.reduce((y, part) => apply(part, y), x);
  if (layer.name === "Residual") {
    const [y, shortcut] = [layer.parts[0], layer.parts[1]].map(part => part ? apply(part, x) : x);
    return each(y, (v, i) => v + shortcut.values[i]);
  }
  if (activations[layer.name]) return each(x, v => activations[layer.name](v, layer.options));
  return layers[layer.name](x, layer.options, layer.weights);
};

// What the page's data describe: layers with their weights, those of a Sequential as they stand in it.
const read_network = data => {
  const numbers = text => new Float32Array(Uint8Array.from(atob(text), c => c.charCodeAt(0)).buffer);
  const weights = path => Object.fromEntries(Object.entries(data.weights)
    .filter(([name]) => name.slice(0, name.lastIndexOf(".")) === path)
    .map(([name, w]) => [name.slice(path.length + 1), tensor(w.shape, numbers(w.data))]));
  const within = {
    Sequential: (path, part, i) => `${path}.${i}`,
    Residual: (path, part, i) => `${path}.${i ? "shortcut" : "body"}${part.name === "Sequential" ? "" : ".0"}`,
  };
  const read = (layer, path) => within[layer.name]
    ? {...layer, parts: layer.parts.map((part, i) => read(part, within[layer.name](path, part, i)))}
    : {...layer, weights: weights(path)};
  const flat = all => all.flatMap(layer => layer.name === "Sequential" ? flat(layer.parts) : [layer]);
  return {layers: flat(data.layers.map((layer, i) => read(layer, `${i}`))), shape: data.pictures ? [1, 28, 28] : [784]};
};

// The input, and what each layer makes of it.
const run = (network, pixels) => {
  const all = [tensor(network.shape, Float64Array.from(pixels))];
  for (const layer of network.layers) all.push(apply(layer, all.at(-1)));
  return all;
};

// The network's outputs as probabilities; what makes them such is its last layer.
const probabilities_of = (network, outputs) => {
  const last = network.layers.at(-1)?.name;
  if (last === "Softmax") return [...outputs.values];
  if (last === "LogSoftmax") return [...outputs.values].map(Math.exp);
  if (last !== "sigmoid") return [...softmax(outputs, -1, (e, sum) => e / sum).values];
  const sum = outputs.values.reduce((a, b) => a + b, 0);
  return [...outputs.values].map(v => sum > 0 ? v / sum : 0);
};
