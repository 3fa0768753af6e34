// The drawing canvas. What is on it lives here, in the browser: pen, Clear and Undo act at once and wait for no server,
// so nothing that is drawn can be lost to an answer that is under way.
//
// Every change has a number. The strokes and the picture are sent once the pen rests, with the number of the last
// change, and again until the server knows that number. canvas.lower-canvas shows the finished strokes,
// canvas.upper-canvas the one under way. live.js sends pictures in between.

const REST = 200; // milliseconds after the pen was lifted
const PATIENCE = 1000; // after so long without an answer, send again
const INK = "#fff";
const FINEST = 0.5; // canvas pixels between two points of a stroke
const STEP = 5; // canvas pixels that an example's pen goes in a frame

// What is on each canvas outlives a visit to another page; live.js finds it here, too.
const drawings = (globalThis.mnistLabDrawings ??= new Map());
const surfaces = new WeakMap();

function drawingOf(name) {
  if (!drawings.has(name)) {
    drawings.set(name, { name, number: 0, strokes: [], growing: null, image: null, shown: null, layers: null, leaving: false });
  }
  return drawings.get(name);
}

function middle([x1, y1], [x2, y2]) {
  return [(x1 + x2) / 2, (y1 + y2) / 2];
}

// The points of a line, a step apart.
function steps([first, ...corners]) {
  const points = [first];
  for (const [x, y] of corners) {
    const [fromX, fromY] = points.at(-1);
    const count = Math.ceil(Math.hypot(x - fromX, y - fromY) / STEP);
    for (let at = 1; at <= count; at++) {
      points.push([fromX + ((x - fromX) * at) / count, fromY + ((y - fromY) * at) / count]);
    }
  }
  return points;
}

function paintStroke(context, { points, width }) {
  context.strokeStyle = INK;
  context.lineWidth = width;
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  context.moveTo(...points[0]);
  for (let at = 1; at < points.length - 1; at++) {
    context.quadraticCurveTo(...points[at], ...middle(points[at], points[at + 1]));
  }
  const [x, y] = points.at(-1);
  context.lineTo(points.length > 1 ? x : x + 0.01, y); // a line of no length has no caps
  context.stroke();
}

function createSurface(root, { name, width, height, drawing: drawingName, examples }) {
  const drawing = drawingOf(drawingName);
  const field = root.querySelector(".layers");
  field.classList.add(name);
  const layers = ["lower", "upper"].map((place) => root.querySelector(`.${place}-canvas`));
  const [lower, upper] = layers.map((layer) => {
    [layer.width, layer.height] = [width, height];
    return layer.getContext("2d");
  });
  const controller = new AbortController();
  const { signal } = controller;
  let send, pen, known = 0, attempt = 0, timer = 0, pointer = null, playing = null;
  drawing.layers = layers;

  function paint() {
    lower.fillStyle = "#000";
    lower.fillRect(0, 0, width, height);
    if (drawing.image) lower.drawImage(drawing.image, 0, 0, height, height);
    for (const stroke of drawing.strokes) paintStroke(lower, stroke);
    paintGrowing();
  }

  function paintGrowing() {
    upper.clearRect(0, 0, width, height);
    if (drawing.growing) paintStroke(upper, drawing.growing);
    field.classList.toggle("blank", !drawing.growing && isBlank());
  }

  function isBlank() {
    return !drawing.strokes.length && !drawing.image;
  }

  function change(rest = 0) {
    drawing.number += 1;
    document.dispatchEvent(new CustomEvent("mnist-lab-drawing", { detail: drawing }));
    tellIn(drawing.growing ? PATIENCE : rest);
  }

  function tellIn(milliseconds) {
    clearTimeout(timer);
    timer = setTimeout(tell, milliseconds);
  }

  function tell() {
    clearTimeout(timer);
    timer = 0;
    if (drawing.growing || known >= drawing.number || drawing.leaving) return;
    const { number, strokes, image } = drawing;
    const picture = isBlank() ? "" : layers[0].toDataURL("image/png");
    send({ number, strokes, picture, on_image: Boolean(image), attempt: attempt++ });
    tellIn(PATIENCE);
  }

  // What is sent of a page while Streamlit already loads another one breaks that one. So a click on a link is the end:
  // nothing goes out until the next canvas, which says what is drawn, or the next stroke.
  function onClick(event) {
    drawing.leaving = event.composedPath().some((element) => element.tagName === "A");
  }

  function pointOf(event) {
    const box = layers[1].getBoundingClientRect();
    const scaled = [((event.clientX - box.left) * width) / box.width, ((event.clientY - box.top) * height) / box.height];
    return scaled.map((value) => Math.round(value * 100) / 100);
  }

  function begin(event) {
    if (pointer !== null || event.button !== 0) return;
    event.preventDefault();
    halt();
    drawing.leaving = false;
    pointer = event.pointerId;
    layers[1].setPointerCapture(pointer); // the stroke goes on where the pen leaves the canvas
    drawing.growing = { points: [pointOf(event)], width: pen };
    paintGrowing();
    change();
  }

  function go(event) {
    if (event.pointerId !== pointer) return;
    const { points } = drawing.growing;
    const before = points.length;
    for (const each of event.getCoalescedEvents?.() ?? []) addPoint(points, pointOf(each));
    addPoint(points, pointOf(event));
    if (points.length === before) return;
    paintGrowing();
    change();
  }

  function addPoint(points, [x, y]) {
    const [lastX, lastY] = points.at(-1);
    if (Math.hypot(x - lastX, y - lastY) >= FINEST) points.push([x, y]);
  }

  function end(event) {
    if (event.pointerId !== pointer) return;
    pointer = null;
    finish();
  }

  function finish() {
    if (!drawing.growing) return;
    drawing.strokes.push(drawing.growing);
    drawing.growing = null;
    paintStroke(lower, drawing.strokes.at(-1));
    paintGrowing();
    change(REST);
  }

  function clear() {
    halt();
    Object.assign(drawing, { strokes: [], image: null });
    paint();
    change();
  }

  function undo() {
    halt();
    if (!drawing.strokes.pop()) drawing.image = null;
    paint();
    change();
  }

  // An example draws itself like a pen; whatever else is done to the canvas ends it.
  async function play(lines) {
    if (pointer !== null) return;
    clear();
    const mine = (playing = {});
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    drawing.leaving = false;
    for (const [first, ...others] of lines.map(steps)) {
      drawing.growing = { points: [first], width: pen };
      for (const point of others) {
        if (!still) await new Promise(requestAnimationFrame);
        if (playing !== mine) return;
        drawing.growing.points.push(point);
        paintGrowing();
        change();
      }
      finish();
    }
    playing = null;
  }

  function halt() {
    if (!playing) return;
    playing = null;
    finish();
  }

  function addExample({ label, meaning, strokes }) {
    const button = document.createElement("button");
    Object.assign(button, { className: "example", textContent: label, title: meaning });
    button.addEventListener("click", () => play(strokes), { signal });
    root.querySelector(".tools").append(button);
  }

  async function show({ id, strokes, image }) {
    drawing.shown = id;
    halt();
    const picture = image && Object.assign(new Image(), { src: image });
    await picture?.decode();
    if (drawing.shown !== id) return; // something newer came meanwhile
    Object.assign(drawing, { strokes, image: picture });
    paint();
    change();
  }

  layers[1].addEventListener("pointerdown", begin, { signal });
  layers[1].addEventListener("pointermove", go, { signal });
  layers[1].addEventListener("pointerup", end, { signal });
  layers[1].addEventListener("pointercancel", end, { signal });
  root.querySelector(".clear").addEventListener("click", clear, { signal });
  root.querySelector(".undo").addEventListener("click", undo, { signal });
  document.addEventListener("click", onClick, { signal, capture: true });
  examples.forEach(addExample);
  drawing.leaving = false;
  paint();

  return {
    update(data, setStateValue) {
      send = (value) => setStateValue("drawing", value);
      pen = data.pen;
      known = data.known;
      drawing.number = Math.max(drawing.number, known);
      if (data.shown && data.shown.id !== drawing.shown) show(data.shown);
      else if (!timer) tell(); // what changed just before a visit to another page
    },
    stop() {
      halt();
      finish();
      clearTimeout(timer);
      controller.abort();
      if (drawing.layers === layers) drawing.layers = null;
    },
  };
}

export default function ({ data, parentElement, setStateValue }) {
  if (!surfaces.has(parentElement)) surfaces.set(parentElement, createSurface(parentElement, data));
  surfaces.get(parentElement).update(data, setStateValue);
  return () => {
    surfaces.get(parentElement)?.stop();
    surfaces.delete(parentElement);
  };
}
