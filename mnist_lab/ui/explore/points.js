// Thousands of images as points of a plane: to zoom into, to circle, to hide by group.
//
// Dots are small pictures copied onto a canvas: without a graphics card that is quicker than WebGL. Marks, loops and
// what the pointer is on have a canvas of their own above, so that the dots are drawn only when they move; marks come
// from marks.js, so that the points are not sent again with them. When the same images come with other places, they
// glide there. Close by, the server is asked for the images themselves.

const DOT = 5; // CSS pixels, on a map of SIDE_OF_MAP or more
const SIDE_OF_MAP = 560; // CSS pixels
const REACH = 9; // CSS pixels within which the pointer is on a dot
const GLIDE = 700; // milliseconds
const FAINT = 0.1; // how much of a dot is left that was not picked
const STEP = 1.25; // of a key or a notch of the wheel
const CLOSEST = 400; // times the whole map
const AS_IMAGES = 250; // so few dots in sight are shown as the images that they stand for
const SIDE = 28; // pixels of an image
const MOST_TOLD = 48; // picked images

const planes = new WeakMap();

const decoded = (text, Type) => new Type(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
const eased = (t) => t * t * (3 - 2 * t);

class Plane {
  view = { x: 0, y: 0, zoom: 1 };
  hidden = new Set(); // names of groups
  picked = null; // numbers of images, or null while none are
  pointers = new Map();
  sheets = new Map(); // from an image's number to where its picture is
  hovered = -1;

  constructor(root, tell) {
    Object.assign(this, { root, tell });
    [this.ground, this.above] = root.querySelectorAll("canvas");
    this.tip = root.querySelector("output");
    this.legend = root.querySelector(".legend");
    this.tools = Object.fromEntries([...root.querySelectorAll(".tools button")].map((one) => [one.value, one]));
    this.tools.loop.onclick = this.tools.move.onclick = (event) => this.use(event.currentTarget.value);
    this.tools.whole.onclick = () => this.look({ x: 0, y: 0, zoom: 1 });
    this.use("loop");
    this.listen();
    new ResizeObserver(() => this.resize()).observe(this.ground);
    const marked = () => (root.isConnected ? this.mark() : document.removeEventListener("mnist-lab-marks", marked));
    document.addEventListener("mnist-lab-marks", marked);
  }

  // What the server knows

  show(data) {
    const text = JSON.stringify(data);
    if (text === this.text) return;
    this.text = text;
    const before = this.places && { places: this.places, step: this.data.step };
    const same = data.flat === this.data?.flat;
    this.data = data;
    this.fit(decoded(data.flat, Float32Array));
    for (const name of ["groups", "labels", "answers"]) this[name] = decoded(data[name], Uint8Array);
    this.count = this.groups.length;
    this.showLegend();
    if (before && !same) this.glide(before);
    else this.places = this.target;
    this.resize();
  }

  // Places are kept so that the whole map reaches from -1 to 1.
  fit(flat) {
    const ends = [0, 1].map((axis) => {
      let [low, high] = [Infinity, -Infinity];
      for (let place = axis; place < flat.length; place += 2) {
        low = Math.min(low, flat[place]);
        high = Math.max(high, flat[place]);
      }
      return { low, high };
    });
    this.middle = ends.map(({ low, high }) => (low + high) / 2);
    this.reach = Math.max(1e-9, ...ends.map(({ low, high }) => (high - low) / 2));
    this.target = flat.map((value, place) => (value - this.middle[place % 2]) / this.reach);
  }

  mark() {
    const { images } = globalThis.mnistLabMarks ?? {};
    if (!this.data || !images) return;
    this.showImages(images);
    this.drawAbove();
  }

  glide({ places, step }) {
    const from = this.target.slice();
    for (let point = 0; point < this.count; point += 1) {
      const other = (point * this.data.step) / step; // the same image, where it was shown
      if (Number.isInteger(other) && 2 * other < places.length) {
        from[2 * point] = places[2 * other];
        from[2 * point + 1] = places[2 * other + 1];
      }
    }
    this.view = { x: 0, y: 0, zoom: 1 };
    this.places = from;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.places = this.target;
      return;
    }
    const started = performance.now();
    const target = this.target;
    const tick = (now) => {
      if (this.target !== target) return;
      const share = Math.min(1, Math.max(0, (now - started) / GLIDE));
      this.places = share === 1 ? target : target.map((end, place) => from[place] + eased(share) * (end - from[place]));
      this.draw();
      if (share < 1) requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  showLegend() {
    this.legend.replaceChildren(
      ...this.data.legend.map(({ name, color, count }) => {
        const button = document.createElement("button");
        button.type = "button";
        button.title = `${count.toLocaleString("en")} images; click to hide or show them`;
        button.setAttribute("aria-pressed", String(!this.hidden.has(name)));
        const dot = document.createElement("i");
        dot.style.background = color;
        button.append(dot, name);
        button.onclick = () => {
          if (!this.hidden.delete(name)) this.hidden.add(name);
          button.setAttribute("aria-pressed", String(!this.hidden.has(name)));
          this.draw();
          this.ask();
        };
        return button;
      }),
    );
  }

  showImages(images) {
    if (!images.numbers.length || images.sheet === this.sheet) return;
    this.sheet = images.sheet;
    const sheet = new Image();
    sheet.onload = () => {
      this.sheets = new Map(images.numbers.map((number, place) => [number, { sheet, left: place * SIDE }]));
      this.draw();
    };
    sheet.src = images.sheet;
  }

  // Drawing

  resize() {
    const { clientWidth: width, clientHeight: height } = this.ground;
    if (!width || !this.data) return;
    this.ratio = devicePixelRatio || 1;
    for (const canvas of [this.ground, this.above]) {
      if (canvas.width !== Math.round(width * this.ratio)) canvas.width = Math.round(width * this.ratio);
      if (canvas.height !== Math.round(height * this.ratio)) canvas.height = Math.round(height * this.ratio);
    }
    this.draw();
  }

  get side() {
    return Math.min(this.ground.width, this.ground.height);
  }

  get scale() {
    return 0.47 * this.side * this.view.zoom;
  }

  // Device pixels of a place in the map, whose points reach from -1 to 1, and back.
  across = (x) => this.ground.width / 2 + (x - this.view.x) * this.scale;
  down = (y) => this.ground.height / 2 - (y - this.view.y) * this.scale;
  placeAt(event) {
    const box = this.above.getBoundingClientRect();
    const [left, top] = [(event.clientX - box.left) * this.ratio, (event.clientY - box.top) * this.ratio];
    const x = this.view.x + (left - this.ground.width / 2) / this.scale;
    return { left, top, x, y: this.view.y - (top - this.ground.height / 2) / this.scale };
  }

  isShown = (point) => !this.hidden.has(this.data.legend[this.groups[point]].name);
  isPicked = (point) => !this.picked || this.picked.has(point * this.data.step);

  inSight() {
    const points = [];
    for (let point = 0; point < this.count; point += 1) {
      if (!this.isShown(point)) continue;
      const left = this.across(this.places[2 * point]);
      const top = this.down(this.places[2 * point + 1]);
      if (left > 0 && top > 0 && left < this.ground.width && top < this.ground.height) points.push(point);
    }
    return points;
  }

  draw() {
    const context = this.ground.getContext("2d");
    context.clearRect(0, 0, this.ground.width, this.ground.height);
    const points = this.inSight();
    const close = points.length <= AS_IMAGES && this.view.zoom > 1;
    const whole = DOT * Math.min(this.ratio, this.side / SIDE_OF_MAP);
    const size = Math.round(whole * Math.min(3, this.view.zoom ** 0.3));
    const dots = this.data.legend.map(({ color }) => dot(color, size));
    const layers = this.data.legend.map(() => []);
    for (const point of points) layers[this.groups[point]].push(point);
    for (const picked of this.picked ? [false, true] : [true]) {
      context.globalAlpha = picked ? 1 : FAINT;
      for (const point of layers.flat()) {
        if (this.isPicked(point) !== picked) continue;
        const left = Math.round(this.across(this.places[2 * point]));
        const top = Math.round(this.down(this.places[2 * point + 1]));
        const image = close && this.sheets.get(point * this.data.step);
        if (image) this.drawImage(context, image, left, top, this.data.legend[this.groups[point]].color);
        else context.drawImage(dots[this.groups[point]], left - (size >> 1), top - (size >> 1));
      }
    }
    this.ground.dataset.drawn = this.count;
    this.drawAbove();
  }

  drawImage(context, { sheet, left: from }, left, top, color) {
    const side = Math.round(SIDE * this.ratio);
    const edge = 2 * this.ratio;
    context.fillStyle = color;
    context.fillRect(left - side / 2 - edge, top - side / 2 - edge, side + 2 * edge, side + 2 * edge);
    context.imageSmoothingEnabled = false;
    context.drawImage(sheet, from, 0, SIDE, SIDE, left - side / 2, top - side / 2, side, side);
  }

  drawAbove() {
    const context = this.above.getContext("2d");
    const { ratio } = this;
    context.clearRect(0, 0, this.above.width, this.above.height);
    const ink = getComputedStyle(this.root).color;
    const at = ([x, y]) => [this.across(x), this.down(y)];
    const placeOf = (point) => at(this.places.subarray(2 * point, 2 * point + 2));
    const ring = (point, radius, color) => {
      context.beginPath();
      context.arc(...placeOf(point), radius * ratio, 0, 2 * Math.PI);
      Object.assign(context, { strokeStyle: color, lineWidth: 2 * ratio });
      context.stroke();
    };
    const { near, star } = globalThis.mnistLabMarks ?? { near: [], star: null };
    for (const point of near) if (point < this.count) ring(point, 7, "#e8710a");
    if (this.hovered >= 0) ring(this.hovered, 6, ink);
    if (star) drawStar(context, ...at(star.map((value, axis) => (value - this.middle[axis]) / this.reach)), 13 * ratio);
    if (this.loop) {
      context.beginPath();
      for (const { left, top } of this.loop) context.lineTo(left, top);
      Object.assign(context, { strokeStyle: ink, lineWidth: 1.5 * ratio });
      context.setLineDash([4 * ratio, 3 * ratio]);
      context.stroke();
      context.setLineDash([]);
    }
  }

  // What people do

  use(tool) {
    this.tool = tool;
    for (const name of ["loop", "move"]) this.tools[name].setAttribute("aria-pressed", String(name === tool));
    this.above.style.cursor = tool === "loop" ? "crosshair" : "grab";
  }

  look(view) {
    this.view = { ...view, zoom: Math.min(CLOSEST, Math.max(1, view.zoom)) };
    if (this.view.zoom === 1) this.view = { x: 0, y: 0, zoom: 1 };
    this.hover(-1);
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
    this.ask();
  }

  // Zoom so that the place stays where it is.
  zoom(times, { x, y }) {
    const zoom = Math.min(CLOSEST, Math.max(1, this.view.zoom * times));
    const share = this.view.zoom / zoom;
    this.look({ x: x + (this.view.x - x) * share, y: y + (this.view.y - y) * share, zoom });
  }

  // For the images themselves, once the view has come to rest close by.
  ask() {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      const points = this.view.zoom > 1 ? this.inSight() : [];
      const numbers = points.map((point) => point * this.data.step);
      if (!points.length || points.length > AS_IMAGES || numbers.every((number) => this.sheets.has(number))) return;
      this.tell("seen", numbers);
    }, 150);
  }

  nearest({ left, top }) {
    let [found, least] = [-1, (REACH * this.ratio) ** 2];
    for (let point = 0; point < this.count; point += 1) {
      if (!this.isShown(point)) continue;
      const x = this.across(this.places[2 * point]) - left;
      const y = this.down(this.places[2 * point + 1]) - top;
      if (x * x + y * y < least) [found, least] = [point, x * x + y * y];
    }
    return found;
  }

  hover(point, place) {
    if (point === this.hovered && point < 0) return;
    this.hovered = point;
    this.tip.hidden = point < 0;
    if (point >= 0) {
      const [label, answer] = [this.labels[point], this.answers[point]];
      const read = label === answer ? "read as one" : `read as ${answer}`;
      this.tip.textContent = `test image ${point * this.data.step}: a ${label}, ${read}`;
      this.tip.style.left = `${Math.min(place.left / this.ratio + 12, this.above.clientWidth - 190)}px`;
      this.tip.style.top = `${place.top / this.ratio + 14}px`;
    }
    this.drawAbove();
  }

  pick(points) {
    const numbers = points.map((point) => point * this.data.step);
    this.picked = numbers.length ? new Set(numbers) : null;
    this.draw();
    const every = Math.ceil(numbers.length / MOST_TOLD);
    this.tell("picked", { count: numbers.length, images: numbers.filter((_, place) => place % every === 0) });
  }

  endLoop() {
    const loop = this.loop;
    this.loop = null;
    const [first, last] = [loop[0], loop.at(-1)];
    if (loop.length < 4 && Math.hypot(last.left - first.left, last.top - first.top) < 4 * this.ratio) {
      const point = this.nearest(last);
      this.pick(point < 0 ? [] : [point]);
      return;
    }
    const path = new Path2D();
    for (const { left, top } of loop) path.lineTo(left, top);
    const context = this.above.getContext("2d");
    const inside = (point) =>
      context.isPointInPath(path, this.across(this.places[2 * point]), this.down(this.places[2 * point + 1]));
    this.pick(this.inSight().filter(inside));
  }

  listen() {
    const { above } = this;
    above.onpointerdown = (event) => {
      above.setPointerCapture(event.pointerId);
      const place = this.placeAt(event);
      this.pointers.set(event.pointerId, place);
      const moves = this.tool === "move" || event.button !== 0 || event.shiftKey || this.pointers.size > 1;
      this.loop = moves ? null : [place];
      this.hover(-1);
    };
    above.onpointermove = (event) => {
      const place = this.placeAt(event);
      const before = this.pointers.get(event.pointerId);
      if (!before) this.hover(this.nearest(place), place);
      else if (this.loop) {
        this.loop.push(place);
        this.drawAbove();
      } else this.drag(event.pointerId, before, place);
    };
    above.onpointerup = above.onpointercancel = (event) => {
      this.pointers.delete(event.pointerId);
      if (this.loop && event.type === "pointerup") this.endLoop();
      this.loop = null;
    };
    above.onpointerleave = () => this.hover(-1);
    above.oncontextmenu = (event) => event.preventDefault();
    above.ondblclick = () => this.look({ x: 0, y: 0, zoom: 1 });
    above.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(STEP ** (-event.deltaY / 100), this.placeAt(event));
    }, { passive: false });
    above.onkeydown = (event) => {
      const step = 0.2 / this.view.zoom;
      const { x, y, zoom } = this.view;
      const keys = {
        "+": () => this.zoom(STEP, this.view),
        "-": () => this.zoom(1 / STEP, this.view),
        0: () => this.look({ x: 0, y: 0, zoom: 1 }),
        ArrowLeft: () => this.look({ x: x - step, y, zoom }),
        ArrowRight: () => this.look({ x: x + step, y, zoom }),
        ArrowUp: () => this.look({ x, y: y + step, zoom }),
        ArrowDown: () => this.look({ x, y: y - step, zoom }),
        Escape: () => this.pick([]),
      };
      if (!(event.key in keys)) return;
      event.preventDefault();
      keys[event.key]();
    };
  }

  // One pointer moves the map; of two, what is between them grows with their distance.
  drag(id, before, now) {
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
}

function dot(color, size) {
  const picture = document.createElement("canvas");
  picture.width = picture.height = size;
  const context = picture.getContext("2d");
  Object.assign(context, { fillStyle: color, globalAlpha: 0.65 });
  context.arc(size / 2, size / 2, size / 2, 0, 2 * Math.PI);
  context.fill();
  return picture;
}

function drawStar(context, left, top, radius) {
  context.beginPath();
  for (let corner = 0; corner < 10; corner += 1) {
    const reach = corner % 2 ? 0.45 * radius : radius;
    context.lineTo(left + reach * Math.sin((corner * Math.PI) / 5), top - reach * Math.cos((corner * Math.PI) / 5));
  }
  context.closePath();
  Object.assign(context, { fillStyle: "#ffd43b", strokeStyle: "#1b1d22", lineWidth: radius / 9, lineJoin: "round" });
  context.fill();
  context.stroke();
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".plane");
  if (!planes.has(root)) planes.set(root, new Plane(root, setStateValue));
  planes.get(root).show(data);
}
