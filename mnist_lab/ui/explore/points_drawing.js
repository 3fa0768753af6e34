// How points of a plane are drawn: dots, marks above them, images where few are in sight.
//
// Dots are mixed into an array of pixels: without a graphics card that is much quicker than WebGL or a canvas's own
// shapes. Marks, loops and what the pointer is on have a canvas of their own above, so that the dots are drawn only when
// they move.

const DOT = 5; // CSS pixels, on a map of SIDE_OF_MAP or more
const SIDE_OF_MAP = 560; // CSS pixels
const GLIDE = 700; // milliseconds
const SOLID = 0.65; // how much of what is below a dot it covers
const FAINT = 0.07; // of one that was not picked
const CLOSEST = 400; // times the whole map
const AS_IMAGES = 250; // so few points in sight are shown as the images that they stand for
const SIDE = 28; // pixels of an image
const WHOLE = { x: 0, y: 0, zoom: 1 };

const eased = (t) => t * t * (3 - 2 * t);
const marks = () => globalThis.mnistLabMarks ?? { near: [], star: null, images: { numbers: [] } };

class Drawing {
  view = WHOLE; // the place in the middle, and how often the whole map is enlarged
  groups = []; // each point's number of one of `legend`: { name, color, size, count }
  legend = [];
  step = 1; // point n stands for image n times step
  hidden = new Set(); // names of groups
  picked = null; // numbers of images, or null while none are
  hovered = -1;
  loop = null; // places that the pointer has been to
  pictures = new Map(); // from an image's number to where its picture is

  constructor(root) {
    this.root = root;
    [this.ground, this.above] = root.querySelectorAll("canvas");
    new ResizeObserver(() => this.resize() && this.draw()).observe(this.ground);
  }

  // Show these points; the images among them that were there before glide to their new places.
  place(flat, step) {
    const before = this.places && { places: this.places, step: this.step };
    this.step = step;
    this.target = this.fitted(flat);
    this.places = this.target;
    this.view = WHOLE;
    if (before && !matchMedia("(prefers-reduced-motion: reduce)").matches) this.glide(before);
  }

  // Places in a map that reaches from -1 to 1.
  fitted(flat) {
    const ends = [0, 1].map((axis) => {
      let [low, high] = [Infinity, -Infinity];
      for (let place = axis; place < flat.length; place += 2) {
        low = Math.min(low, flat[place]);
        high = Math.max(high, flat[place]);
      }
      return { low, high };
    });
    const middle = ends.map(({ low, high }) => (low + high) / 2);
    const reach = Math.max(1e-9, ...ends.map(({ low, high }) => (high - low) / 2));
    this.inMap = (value, axis) => (value - middle[axis % 2]) / reach;
    return flat.map(this.inMap);
  }

  glide({ places, step }) {
    const target = this.target;
    const from = target.slice();
    for (let point = 0; 2 * point < from.length; point += 1) {
      const other = (point * this.step) / step; // the same image, where it was shown
      if (!Number.isInteger(other) || 2 * other >= places.length) continue;
      from[2 * point] = places[2 * other];
      from[2 * point + 1] = places[2 * other + 1];
    }
    this.places = from;
    const started = performance.now();
    const tick = (now) => {
      if (this.target !== target) return;
      const share = Math.min(1, Math.max(0, (now - started) / GLIDE));
      this.places = share === 1 ? target : target.map((end, place) => from[place] + eased(share) * (end - from[place]));
      this.draw();
      if (share < 1) requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  showImages({ numbers, sheet }) {
    if (!numbers.length || sheet === this.sheet) return;
    this.sheet = sheet;
    const picture = new Image();
    picture.onload = () => {
      this.pictures = new Map(numbers.map((number, place) => [number, { picture, from: place * SIDE }]));
      this.draw();
    };
    picture.src = sheet;
  }

  // Device pixels of a place in the map, and back.
  get side() {
    return Math.min(this.ground.width, this.ground.height);
  }

  get scale() {
    return 0.47 * this.side * this.view.zoom;
  }

  across(x) {
    return this.ground.width / 2 + (x - this.view.x) * this.scale;
  }

  down(y) {
    return this.ground.height / 2 - (y - this.view.y) * this.scale;
  }

  at(point) {
    return [this.across(this.places[2 * point]), this.down(this.places[2 * point + 1])];
  }

  placeOf(event) {
    const box = this.above.getBoundingClientRect();
    const [left, top] = [(event.clientX - box.left) * this.ratio, (event.clientY - box.top) * this.ratio];
    const x = this.view.x + (left - this.ground.width / 2) / this.scale;
    return { left, top, x, y: this.view.y - (top - this.ground.height / 2) / this.scale };
  }

  inSight() {
    const { width, height } = this.ground;
    const isHidden = this.legend.map(({ name }) => this.hidden.has(name));
    const points = [];
    for (let point = 0; point < this.groups.length; point += 1) {
      const [left, top] = this.at(point);
      if (!isHidden[this.groups[point]] && left > 0 && top > 0 && left < width && top < height) points.push(point);
    }
    return points;
  }

  // Whether the canvases were not as large as their place in the page.
  resize() {
    this.ratio = devicePixelRatio || 1;
    const size = [this.ground.clientWidth, this.ground.clientHeight].map((side) => Math.round(side * this.ratio));
    if (size[0] === this.ground.width && size[1] === this.ground.height) return false;
    for (const canvas of [this.ground, this.above]) [canvas.width, canvas.height] = size;
    return true;
  }

  draw() {
    if (!this.places || !this.ground.width) return;
    const context = this.ground.getContext("2d");
    const points = this.inSight();
    const pictures = points.length <= AS_IMAGES && this.view.zoom > 1 ? this.pictures : new Map();
    const side = DOT * Math.min(this.ratio, this.side / SIDE_OF_MAP) * Math.min(3, this.view.zoom ** 0.3);
    const dots = this.legend.map(({ color, size }) => new Dot(color, Math.round(side * size)));
    const order = this.legend.map(() => []);
    for (const point of points) order[this.groups[point]].push(point);
    const pixels = context.createImageData(this.ground.width, this.ground.height);
    const images = [];
    for (const isPicked of this.picked ? [false, true] : [true]) {
      for (const group of order) {
        for (const point of group) {
          const number = point * this.step;
          if (this.picked && this.picked.has(number) !== isPicked) continue;
          if (pictures.has(number)) images.push([point, isPicked ? 1 : FAINT]);
          else dots[this.groups[point]].stamp(pixels, ...this.at(point), isPicked ? SOLID : FAINT);
        }
      }
    }
    context.putImageData(pixels, 0, 0);
    for (const [point, alpha] of images) this.drawImage(context, point, alpha);
    this.ground.dataset.drawn = this.groups.length;
    this.drawAbove();
  }

  drawImage(context, point, alpha) {
    const { picture, from } = this.pictures.get(point * this.step);
    const [left, top] = this.at(point).map(Math.round);
    const side = Math.round(SIDE * this.ratio);
    const edge = 2 * this.ratio;
    const { color } = this.legend[this.groups[point]];
    Object.assign(context, { fillStyle: color, globalAlpha: alpha, imageSmoothingEnabled: false });
    context.fillRect(left - side / 2 - edge, top - side / 2 - edge, side + 2 * edge, side + 2 * edge);
    context.drawImage(picture, from, 0, SIDE, SIDE, left - side / 2, top - side / 2, side, side);
    context.globalAlpha = 1;
  }

  drawAbove() {
    const context = this.above.getContext("2d");
    const { ratio } = this;
    context.clearRect(0, 0, this.above.width, this.above.height);
    const ink = getComputedStyle(this.root).color;
    Object.assign(context, { strokeStyle: ink, lineWidth: 2 * ratio });
    const ring = (point, radius) => {
      context.beginPath();
      context.arc(...this.at(point), radius * ratio, 0, 2 * Math.PI);
      context.stroke();
    };
    const { near, star, others = [] } = marks();
    for (const { place, color } of others) {
      const [x, y] = place.map(this.inMap);
      drawDiamond(context, this.across(x), this.down(y), 5 * ratio, color, ink);
    }
    for (const point of near) if (point < this.groups.length) ring(point, 6);
    if (this.hovered >= 0) ring(this.hovered, 9);
    if (star) {
      const [x, y] = star.map(this.inMap);
      drawStar(context, this.across(x), this.down(y), 13 * ratio);
    }
    if (this.loop) {
      Object.assign(context, { strokeStyle: ink, lineWidth: 1.5 * ratio });
      context.setLineDash([4 * ratio, 3 * ratio]);
      context.stroke(outline(this.loop));
      context.setLineDash([]);
    }
  }
}

function drawDiamond(context, left, top, radius, color, edge) {
  context.beginPath();
  for (const [x, y] of [[0, -1], [1, 0], [0, 1], [-1, 0]]) context.lineTo(left + radius * x, top + radius * y);
  context.closePath();
  Object.assign(context, { fillStyle: color, strokeStyle: edge, lineWidth: radius / 4 });
  context.fill();
  context.stroke();
}

function outline(places) {
  const path = new Path2D();
  for (const { left, top } of places) path.lineTo(left, top);
  return path;
}

// A round dot in one colour, its edge softened.
class Dot {
  constructor(color, side) {
    this.color = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
    this.side = side;
    this.cover = Float32Array.from({ length: side * side }, (_, place) => {
      const from = Math.hypot((place % side) + 0.5 - side / 2, Math.floor(place / side) + 0.5 - side / 2);
      return Math.min(1, Math.max(0, side / 2 - from + 0.5));
    });
  }

  // Mix it over pixels that have colours and opacity of their own.
  stamp({ data, width, height }, x, y, alpha) {
    const { side, cover } = this;
    const [red, green, blue] = this.color;
    const left = Math.round(x - side / 2);
    const top = Math.round(y - side / 2);
    for (let row = Math.max(0, -top); row < side && top + row < height; row += 1) {
      for (let column = Math.max(0, -left); column < side && left + column < width; column += 1) {
        const at = 4 * ((top + row) * width + left + column);
        const above = alpha * cover[row * side + column];
        const both = above + (data[at + 3] / 255) * (1 - above);
        const share = above / (both + 1e-6);
        data[at] += share * (red - data[at]);
        data[at + 1] += share * (green - data[at + 1]);
        data[at + 2] += share * (blue - data[at + 2]);
        data[at + 3] = 255 * both;
      }
    }
  }
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
