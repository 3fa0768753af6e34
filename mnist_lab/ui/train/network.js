// A network, drawn: layers as columns that can be made larger and smaller, added, and opened.
//
// What is pressed is drawn at once and told a little later. Each word to the server has a number, which comes back with
// what is drawn, so that an answer to an earlier word undoes nothing.

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 204; // CSS pixels
const NARROWEST = matchMedia("(hover: none)").matches ? 136 : 98; // of a column: a finger's buttons are larger
const NODES = 9; // units that are drawn of a layer; a gap stands for the others
const DIGITS = 10;
const DOUBLED = 34; // pixels to drag for twice as many
const STILL = 5; // pixels within which a pointer has only pressed
const REST = 250; // milliseconds without a press

const FULL = 127; // the largest weight
const [PLUS, MINUS] = [[47, 111, 237], [232, 113, 10]]; // as in network.css

const STOPS = [1, 2, 3, ...Array.from({ length: 11 }, (_, power) => [2 ** power * 4, 2 ** power * 6]).flat()];

const stopsOf = (column) => STOPS.filter((stop) => stop <= column.most);

function svg(name, attributes, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function button(text, label, onclick) {
  const element = document.createElement("button");
  Object.assign(element, { type: "button", textContent: text, onclick });
  element.setAttribute("aria-label", label);
  return element;
}

// Signed bytes and their shape, as the server packs them.
function numbers({ shape, bytes }) {
  return { shape, values: Int8Array.from(atob(bytes), (letter) => letter.charCodeAt(0)) };
}

// A picture of weights, blue for positive and orange for negative ones, on a canvas of its own.
function tile(values, rows, across) {
  const canvas = Object.assign(document.createElement("canvas"), { width: across, height: rows });
  const context = canvas.getContext("2d");
  const picture = context.createImageData(across, rows);
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  values.forEach((value, place) => picture.data.set([...(value < 0 ? MINUS : PLUS), (255 * Math.abs(value)) / largest], 4 * place));
  context.putImageData(picture, 0, 0);
  return canvas;
}

const spread = (count, height) =>
  Array.from({ length: count }, (_, place) => (count > 1 ? (place / (count - 1) - 0.5) * height : 0));

class Network {
  turn = -1;
  waiting = 0;
  wasDragged = false;

  constructor(root, tell) {
    this.root = root;
    this.send = tell;
    this.stage = document.createElement("div");
    this.stage.className = "stage";
    this.tiles = document.createElement("div");
    root.replaceChildren(this.stage, this.tiles);
    this.hear = ({ detail }) => this.weigh(detail);
    document.addEventListener("mnist-lab-weights", this.hear);
    this.watcher = new ResizeObserver(() => this.draw());
    this.watcher.observe(root);
  }

  show(data) {
    if (data.turn < this.turn || this.waiting || this.dragged) return;
    this.turn = data.turn;
    this.data = data;
    this.columns = data.columns.map((column) => ({ ...column }));
    this.draw();
  }

  tell(word) {
    this.turn += 1;
    this.send({ ...word, turn: this.turn });
  }

  sizes(field) {
    return this.columns.filter((column) => column.field === field).map((column) => column.count);
  }

  resize(column, count) {
    if (count === undefined || count === column.count) return;
    column.count = count;
    this.draw();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      this.waiting = 0;
      this.tell({ field: column.field, values: this.sizes(column.field) });
    }, REST);
  }

  step(column, up) {
    const stops = stopsOf(column);
    this.resize(column, up ? stops.find((stop) => stop > column.count) : stops.findLast((stop) => stop < column.count));
  }

  add(field) {
    const sizes = this.sizes(field);
    this.tell({ field, values: [...sizes, sizes.at(-1) ?? 32], at: sizes.length });
  }

  draw() {
    if (!this.columns) return;
    const width = Math.max(this.root.clientWidth, this.columns.length * NARROWEST);
    const apart = width / this.columns.length;
    this.columns.forEach((column, place) => Object.assign(column, { x: (place + 0.5) * apart, nodes: [] }));
    const picture = svg("svg", { width, height: HEIGHT, role: "img", "aria-label": this.data.words });
    const shapes = this.columns.map((column) => this.shape(column));
    this.wires = svg("g", {});
    this.wire();
    picture.append(this.wires, ...shapes);
    this.stage.style.width = `${width}px`;
    const focused = this.root.getRootNode().activeElement?.dataset.of;
    this.stage.replaceChildren(picture, ...this.columns.flatMap((column, place) => this.controls(column, place, apart)));
    if (focused) this.stage.querySelector(`[data-of="${focused}"]`)?.focus();
  }

  connections() {
    const lines = [];
    const grey = this.columns.length - (this.weights?.lines.length ?? 0); // the last ones have colours
    for (let place = 1; place < grey; place += 1) {
      for (const [x1, y1, w1] of this.columns[place - 1].nodes) {
        for (const [x2, y2, w2] of this.columns[place].nodes) lines.push(`M${x1 + w1} ${y1}L${x2 - w2} ${y2}`);
      }
    }
    return svg("path", { class: "connections", d: lines.join("") });
  }

  // The weights of a training of just this network, or null: then those that were shown last stay.
  weigh(told) {
    if (!told) return;
    this.told = { ...told, lines: told.lines.map(numbers), tiles: numbers(told.tiles) };
    if (this.columns) this.wire();
  }

  // The connections alone, which change each second while a training goes on: no button is drawn again beneath a finger.
  wire() {
    const drawn = this.columns.map(({ kind, count }) => `${kind} ${count}`);
    this.weights = this.told && String(this.told.columns) === String(drawn) ? this.told : null;
    this.wires.replaceChildren(this.connections(), ...(this.weights ? this.weighed() : []));
    this.showTiles();
  }

  // The connections that have weights: blue for positive, orange for negative ones, the wider the larger.
  weighed() {
    const first = this.columns.length - this.weights.lines.length;
    return this.weights.lines.map(({ values, shape: [, width] }, at) => {
      const [from, to] = [this.columns[first + at - 1], this.columns[first + at]];
      const lines = from.nodes.flatMap(([x1, y1, w1], left) =>
        to.nodes.map(([x2, y2, w2], right) => {
          const weight = values[left * width + right] / FULL;
          const size = Math.abs(weight);
          const ends = { x1: x1 + w1, y1, x2: x2 - w2, y2, "stroke-width": 0.4 + 3 * size, "stroke-opacity": 0.08 + 0.85 * size };
          return svg("line", weight < 0 ? { ...ends, class: "minus" } : ends);
        }),
      );
      return svg("g", { class: "weighed" }, ...lines);
    });
  }

  // What the first units weigh of an image, a picture each.
  showTiles() {
    if (!this.weights) {
      this.tiles.replaceChildren();
      return;
    }
    const { of, what, tiles: { values, shape: [count, rows, across] } } = this.weights;
    const legend = document.createElement("p");
    legend.className = "legend";
    const [name, plus, minus] = ["b", "b", "b"].map(() => document.createElement("b"));
    name.textContent = of;
    Object.assign(plus, { textContent: "blue", className: "plus" });
    Object.assign(minus, { textContent: "orange", className: "minus" });
    legend.append("Weights of ", name, ": ", plus, " for, ", minus, ` against. ${what}:`);
    const row = document.createElement("div");
    row.className = "tiles";
    row.setAttribute("role", "img");
    row.setAttribute("aria-label", what);
    const size = rows * across;
    row.append(...Array.from({ length: count }, (_, place) => tile(values.subarray(place * size, (place + 1) * size), rows, across)));
    this.tiles.replaceChildren(legend, row);
  }

  shape(column) {
    const group = svg("g", { class: column.kind });
    const { x, count } = column;
    const middle = HEIGHT / 2;
    if (column.kind === "units" || column.kind === "outputs") {
      const isOutput = column.kind === "outputs";
      const shown = isOutput ? DIGITS : Math.min(count, NODES);
      const tall = isOutput ? HEIGHT - 24 : (HEIGHT - 24) * Math.min(1, 0.2 + Math.log2(count + 1) / 8);
      spread(shown, tall).forEach((y, place) => {
        if (count > NODES && !isOutput && place === (NODES - 1) / 2) {
          group.append(svg("text", { x, y: middle + y + 5 }, "⋮"));
          return;
        }
        column.nodes.push([x, middle + y, 9]);
        group.append(svg("circle", { cx: x, cy: middle + y, r: 9 }));
        if (isOutput) group.append(svg("text", { x, y: middle + y + 4 }, String(place)));
      });
      return group;
    }
    const side = column.kind === "image" ? 68 : 20 + 1.6 * column.side;
    const shown = column.kind === "image" ? 1 : Math.min(count, 2 + Math.floor(Math.log2(count)));
    const shift = 5;
    for (let map = shown - 1; map >= 0; map -= 1) {
      const [left, top] = [x - side / 2 + (map - (shown - 1) / 2) * shift, middle - side / 2 - (map - (shown - 1) / 2) * shift];
      group.append(svg("rect", { x: left, y: top, width: side, height: side, rx: 3 }));
    }
    if (column.kind === "image") group.append(svg("text", { x, y: middle + 19 }, "7"));
    column.nodes = spread(5, side).map((y) => [x, middle + y, side / 2 + (shift * (shown - 1)) / 2]);
    return group;
  }

  controls(column, place, apart) {
    const { field, index, name } = column;
    const at = document.createElement("div");
    at.className = "column";
    at.style.left = `${column.x}px`;
    const count = document.createElement("b");
    count.textContent = column.label ?? column.count.toLocaleString("en");
    const words = document.createElement("span");
    words.textContent = column.words;
    if (!field) {
      at.append(count, words);
      return [at];
    }
    const fixed = this.data.fixed.includes(field);
    const open = button("", `${name}: ${column.count} ${field}, ${column.words}. Open its knobs`, () => this.open(column));
    open.className = "open";
    open.style.cssText = `left:${column.x}px;width:${Math.min(apart, 84)}px;height:${HEIGHT}px`;
    open.dataset.of = `${field}-${index}`;
    open.title = fixed ? name : "Drag up or down; click for its knobs";
    open.setAttribute("aria-expanded", String(this.data.opened === `${field}-${index}`));
    if (!fixed) this.listen(open, column);
    const steps = document.createElement("div");
    for (const [sign, up, what] of [["−", false, "Fewer"], ["+", true, "More"]]) {
      const step = button(sign, `${what} ${field} in ${name.toLowerCase()}`, () => this.step(column, up));
      step.dataset.of = `${what}-${field}-${index}`;
      step.disabled = fixed || (up ? column.count >= column.most : column.count <= 1);
      steps.append(step);
      if (!up) steps.append(count);
    }
    steps.className = "steps";
    at.append(steps, words);
    return [open, at];
  }

  open({ field, index }) {
    if (!this.wasDragged) this.tell({ open: this.data.opened === `${field}-${index}` ? "" : `${field}-${index}` });
  }

  listen(open, column) {
    open.onkeydown = (event) => {
      if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
      event.preventDefault();
      this.step(column, event.key === "ArrowUp");
    };
    const move = (event) => {
      const { dragged } = this;
      if (!dragged || event.pointerId !== dragged.id) return;
      const up = dragged.y - event.clientY;
      if (Math.abs(up) < STILL && !this.wasDragged) return;
      this.wasDragged = true;
      const wanted = dragged.count * 2 ** (up / DOUBLED);
      this.resize(column, stopsOf(column).reduce((best, stop) => (Math.abs(stop - wanted) < Math.abs(best - wanted) ? stop : best)));
    };
    open.onpointerdown = (event) => {
      this.dragged = { y: event.clientY, count: column.count, id: event.pointerId };
      const end = () => {
        this.dragged = null;
        setTimeout(() => { this.wasDragged = false; }); // once the click that ends it has passed
        window.removeEventListener("pointermove", move);
      };
      window.addEventListener("pointermove", move);
      window.addEventListener("pointerup", end, { once: true });
      window.addEventListener("pointercancel", end, { once: true });
    };
  }

  stop() {
    clearTimeout(this.waiting);
    this.watcher.disconnect();
    document.removeEventListener("mnist-lab-weights", this.hear);
  }
}

const networks = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".network-editor");
  if (!networks.has(root)) networks.set(root, new Network(root, (word) => setTriggerValue("word", word)));
  const network = networks.get(root);
  network.show(data);
  const adds = parentElement.querySelector(".adds"); // the corner above the image
  adds.replaceChildren(
    ...data.adds.map(({ field, text, disabled }) => {
      const add = button(`+ ${text}`, `Add a ${text}`, () => network.add(field));
      add.disabled = disabled;
      return add;
    }),
  );
  return () => {
    network.stop();
    networks.delete(root);
  };
}
