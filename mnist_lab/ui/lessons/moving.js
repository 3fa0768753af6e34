// Figures of lessons that a hand moves: what softmax makes of ten outputs, and which units dropout switches off.

const SVG = "http://www.w3.org/2000/svg";
const DIGITS = 10;
const [LOWEST, HIGHEST] = [-5, 10]; // of an output
const OUTPUTS = { "One stands out": [-1, 0, 1, 7, -2, 2, -3, 1, 0, 1], "A close call": [-2, -1, 0, -1, 4.5, -2, 0, 1, -1, 5], "All alike": Array(DIGITS).fill(0) };
const UNITS = 8; // of the hidden layer that is drawn
const INPUTS = 5;
const SECONDS = 1.2; // between two steps of training

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

function shape(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Probabilities; the largest output is taken off first, so that no power of e leaves all bounds.
function softmax(outputs) {
  const largest = Math.max(...outputs);
  const powers = outputs.map((output) => Math.exp(output - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

// Shares as tenths of a per cent that add up to 100.0: those that lose most by rounding down are rounded up.
function inTenths(shares) {
  const tenths = shares.map((share) => Math.floor(1000 * share));
  const lacking = 1000 - tenths.reduce((total, tenth) => total + tenth, 0);
  const lost = shares.map((share, place) => [1000 * share - tenths[place], place]).sort(([one], [other]) => other - one);
  for (const [, place] of lost.slice(0, lacking)) tenths[place] += 1;
  return tenths.map((tenth) => `${(tenth / 10).toFixed(1)} %`);
}

function showSoftmax(root) {
  const sliders = [];
  const rows = Array.from({ length: DIGITS }, (_, digit) => {
    const slider = element("input", { type: "range", min: LOWEST, max: HIGHEST, step: 0.1, "aria-label": `Output of the ${digit}`, oninput: () => tell() });
    sliders.push(slider);
    const bar = element("div", { class: "bar" }, element("i"));
    return element("div", { class: "row" }, element("b", {}, String(digit)), slider, element("span"), bar, element("span"));
  });
  const sum = element("p");

  function tell() {
    const outputs = sliders.map((slider) => Number(slider.value));
    const probabilities = softmax(outputs);
    const largest = probabilities.indexOf(Math.max(...probabilities));
    const words = inTenths(probabilities);
    rows.forEach((row, digit) => {
      const [output, probability] = row.querySelectorAll("span");
      row.classList.toggle("largest", digit === largest);
      output.textContent = outputs[digit].toFixed(1);
      probability.textContent = words[digit];
      row.querySelector("i").style.width = `${100 * probabilities[digit]}%`;
    });
    sum.textContent = "Move one output: all ten probabilities change, since together they are always 100 %.";
  }

  function set(outputs) {
    sliders.forEach((slider, digit) => { slider.value = outputs[digit]; });
    tell();
  }

  const head = element("div", { class: "row head" }, "", element("div", {}, "output"), "", element("div", {}, "probability"), "");
  head.prepend(element("b"));
  const tools = Object.entries(OUTPUTS).map(([name, outputs]) => element("button", { type: "button", onclick: () => set(outputs) }, name));
  root.replaceChildren(head, ...rows, element("div", { class: "tools" }, ...tools), sum);
  set(OUTPUTS["One stands out"]);
  return () => {};
}

function showDropout(root) {
  let share = 0.5;
  let off = new Set();
  let step = 0;
  let isUsed = false;
  const at = (count, place) => 14 + ((place + 0.5) * 232) / count;
  const columns = [[60, INPUTS], [230, UNITS], [400, DIGITS]];
  const lines = [];
  const circles = columns.map(([x, count]) => Array.from({ length: count }, (_, place) => shape("circle", { cx: x, cy: at(count, place), r: 9 })));
  for (let unit = 0; unit < UNITS; unit += 1) {
    for (const [column, side] of [[0, -1], [2, 1]]) {
      const [x, count] = columns[column];
      for (let place = 0; place < count; place += 1) {
        lines.push([unit, shape("line", { x1: 230 + 9 * side, y1: at(UNITS, unit), x2: x - 9 * side, y2: at(count, place) })]);
      }
    }
  }
  const digits = Array.from({ length: DIGITS }, (_, digit) => shape("text", { x: 428, y: at(DIGITS, digit) + 4 }, String(digit)));
  const picture = shape("svg", { viewBox: "0 0 460 260", role: "img" }, ...lines.map(([, line]) => line), ...circles.flat(), ...digits);
  const words = element("p", { "aria-live": "off" });
  const slider = element("input", { type: "range", min: 0, max: 0.9, step: 0.1, value: share, "aria-label": "Dropout", oninput: () => { share = Number(slider.value); advance(); } });
  const said = element("b");
  const use = element("button", { type: "button", "aria-pressed": "false", onclick: () => { isUsed = !isUsed; tell(); } }, "In use");
  const next = element("button", { type: "button", onclick: () => { isUsed = false; advance(); } }, "Next step");
  const play = element("button", { type: "button", onclick: () => { timer ? pause() : go(); } });
  let timer = 0;

  function tell() {
    const silent = isUsed ? new Set() : off;
    circles[1].forEach((circle, unit) => circle.classList.toggle("off", silent.has(unit)));
    lines.forEach(([unit, line]) => line.classList.toggle("off", silent.has(unit)));
    use.setAttribute("aria-pressed", String(isUsed));
    said.textContent = `${Math.round(100 * share)} %`;
    words.textContent = isUsed
      ? "In use: all units are on, and answer together."
      : `Step ${step} of training: ${UNITS - off.size} of ${UNITS} units take part and learn; the others are off until the next step.`;
    picture.setAttribute("aria-label", words.textContent);
  }

  function advance() {
    step += 1;
    off = new Set(Array.from({ length: UNITS }, (_, unit) => unit).filter(() => Math.random() < share));
    tell();
  }

  function go() {
    isUsed = false;
    timer = setInterval(() => { if (!isUsed) advance(); }, 1000 * SECONDS);
    play.textContent = "Pause";
  }

  function pause() {
    clearInterval(timer);
    timer = 0;
    play.textContent = "Play";
  }

  root.replaceChildren(picture, element("div", { class: "tools" }, element("label", {}, "Dropout", slider, said), play, next, use), words);
  advance();
  pause();
  if (!matchMedia("(prefers-reduced-motion: reduce)").matches) go();
  return pause;
}

const FIGURES = { softmax: showSoftmax, dropout: showDropout };
const shown = new WeakMap();

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".moving");
  if (shown.get(root)?.kind !== data.kind) {
    shown.get(root)?.end();
    shown.set(root, { kind: data.kind, end: FIGURES[data.kind](root) });
  }
  return () => {
    shown.get(root)?.end();
    shown.delete(root);
  };
}
