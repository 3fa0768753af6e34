// What people do with points of a plane: zoom into them, circle them, hide groups of them. Follows points_drawing.js.
//
// Marks come from marks.js, so that the points are not sent again with them. Close by, the server is asked for the
// images themselves.

const REACH = 9; // CSS pixels within which the pointer is on a point
const STEP = 1.25; // of a key or a notch of the wheel
const MOST_TOLD = 48; // picked images
const REST = 150; // milliseconds without a move

function decoded(text, Type) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let place = 0; place < raw.length; place += 1) bytes[place] = raw.charCodeAt(place);
  return new Type(bytes.buffer);
}

class Plane extends Drawing {
  pointers = new Map(); // from a pointer that is down to where it was

  constructor(root, tell) {
    super(root);
    this.tell = tell;
    this.tip = root.querySelector("output");
    this.tools = Object.fromEntries([...root.querySelectorAll(".tools button")].map((one) => [one.value, one]));
    this.tools.loop.onclick = this.tools.move.onclick = (event) => this.use(event.currentTarget.value);
    this.tools.whole.onclick = () => this.look(WHOLE);
    this.use("loop");
    this.listen();
    const marked = () => (root.isConnected ? this.mark() : document.removeEventListener("mnist-lab-marks", marked));
    document.addEventListener("mnist-lab-marks", marked);
  }

  show(data) {
    const same = this.data && Object.keys(data).every((name) => name === "legend" || data[name] === this.data[name]);
    if (same) return;
    const isMoved = data.flat !== this.data?.flat;
    this.data = data;
    this.legend = data.legend;
    for (const name of ["groups", "labels", "answers"]) this[name] = decoded(data[name], Uint8Array);
    if (isMoved) this.place(decoded(data.flat, Float32Array), data.step);
    this.hover(-1);
    this.root.querySelector(".legend").replaceChildren(...data.legend.map((group) => this.legendButton(group)));
    this.resize();
    this.draw();
    this.mark();
  }

  legendButton({ name, color, count }) {
    const button = document.createElement("button");
    const dot = document.createElement("i");
    button.type = "button";
    button.title = `${count.toLocaleString("en")} images; click to hide or show them`;
    dot.style.background = color;
    button.append(dot, name);
    const press = () => button.setAttribute("aria-pressed", String(!this.hidden.has(name)));
    button.onclick = () => {
      if (!this.hidden.delete(name)) this.hidden.add(name);
      press();
      this.draw();
      this.ask();
    };
    press();
    return button;
  }

  mark() {
    if (!this.data) return;
    this.showImages(marks().images);
    this.drawAbove();
  }

  use(tool) {
    this.tool = tool;
    for (const name of ["loop", "move"]) this.tools[name].setAttribute("aria-pressed", String(name === tool));
    this.above.style.cursor = tool === "loop" ? "crosshair" : "grab";
  }

  look(view) {
    this.view = view.zoom > 1 ? view : WHOLE;
    this.hover(-1);
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
    this.ask();
  }

  // So that the place stays where it is.
  zoom(times, { x, y }) {
    const zoom = Math.min(CLOSEST, Math.max(1, this.view.zoom * times));
    const share = this.view.zoom / zoom;
    this.look({ x: x + (this.view.x - x) * share, y: y + (this.view.y - y) * share, zoom });
  }

  ask() {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      const numbers = this.view.zoom > 1 ? this.inSight().map((point) => point * this.step) : [];
      if (numbers.length <= AS_IMAGES && numbers.some((number) => !this.pictures.has(number))) this.tell("seen", numbers);
    }, REST);
  }

  nearest({ left, top }) {
    let [found, least] = [-1, REACH * this.ratio];
    for (const point of this.inSight()) {
      const [x, y] = this.at(point);
      const distance = Math.hypot(x - left, y - top);
      if (distance < least) [found, least] = [point, distance];
    }
    return found;
  }

  hover(point, place) {
    if (point < 0 && this.hovered < 0) return;
    this.hovered = point;
    this.tip.hidden = point < 0;
    if (point >= 0) {
      const [label, answer] = [this.labels[point], this.answers[point]];
      const read = label === answer ? "read as one" : `read as ${answer}`;
      this.tip.textContent = `test image ${point * this.step}: a ${label}, ${read}`;
      this.tip.style.left = `${Math.min(place.left / this.ratio + 12, this.above.clientWidth - 220)}px`;
      this.tip.style.top = `${place.top / this.ratio + 14}px`;
    }
    this.drawAbove();
  }

  pick(points) {
    const numbers = points.map((point) => point * this.step);
    this.picked = numbers.length ? new Set(numbers) : null;
    this.draw();
    const every = Math.ceil(numbers.length / MOST_TOLD);
    this.tell("picked", { total: numbers.length, images: numbers.filter((_, place) => place % every === 0) });
  }

  // A loop picks what is in it; a click the point that it is on.
  endLoop(loop) {
    const [first, last] = [loop[0], loop.at(-1)];
    if (loop.length < 4 && Math.hypot(last.left - first.left, last.top - first.top) < REACH * this.ratio) {
      const point = this.nearest(last);
      this.pick(point < 0 ? [] : [point]);
      return;
    }
    const [context, path] = [this.above.getContext("2d"), outline(loop)];
    this.pick(this.inSight().filter((point) => context.isPointInPath(path, ...this.at(point))));
  }

  listen() {
    const { above } = this;
    above.onpointerdown = (event) => {
      above.setPointerCapture(event.pointerId);
      const place = this.placeOf(event);
      this.pointers.set(event.pointerId, place);
      const moves = this.tool === "move" || event.button !== 0 || event.shiftKey || this.pointers.size > 1;
      this.loop = moves ? null : [place];
      this.hover(-1);
    };
    above.onpointermove = (event) => {
      const place = this.placeOf(event);
      if (!this.pointers.has(event.pointerId)) this.hover(this.nearest(place), place);
      else if (!this.loop) this.drag(event.pointerId, place);
      else {
        this.loop.push(place);
        this.drawAbove();
      }
    };
    above.onpointerup = above.onpointercancel = (event) => {
      this.pointers.delete(event.pointerId);
      const loop = this.loop;
      this.loop = null;
      if (loop && event.type === "pointerup") this.endLoop(loop);
    };
    above.onpointerleave = () => this.hover(-1);
    above.oncontextmenu = (event) => event.preventDefault();
    above.ondblclick = () => this.look(WHOLE);
    above.onkeydown = (event) => this.press(event);
    above.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(STEP ** (-event.deltaY / 100), this.placeOf(event));
    }, { passive: false });
  }

  // One pointer moves the map; of two, the map grows with their distance.
  drag(id, now) {
    const before = this.pointers.get(id);
    const other = [...this.pointers].find(([each]) => each !== id)?.[1];
    this.pointers.set(id, now);
    if (other) {
      const apart = (place) => Math.hypot(place.left - other.left, place.top - other.top);
      this.zoom(apart(now) / Math.max(1, apart(before)), other);
      return;
    }
    const { x, y, zoom } = this.view;
    this.look({ x: x - (now.left - before.left) / this.scale, y: y + (now.top - before.top) / this.scale, zoom });
  }

  press(event) {
    const { x, y, zoom } = this.view;
    const step = 0.2 / zoom;
    const keys = {
      "+": () => this.zoom(STEP, this.view),
      "-": () => this.zoom(1 / STEP, this.view),
      0: () => this.look(WHOLE),
      ArrowLeft: () => this.look({ x: x - step, y, zoom }),
      ArrowRight: () => this.look({ x: x + step, y, zoom }),
      ArrowUp: () => this.look({ x, y: y + step, zoom }),
      ArrowDown: () => this.look({ x, y: y - step, zoom }),
      Escape: () => this.pick([]),
    };
    if (!(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  }
}

const planes = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".plane");
  if (!planes.has(root)) planes.set(root, new Plane(root, setStateValue));
  planes.get(root).show(data);
}
