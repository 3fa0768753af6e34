// The network from the image down to the ten outputs: a canvas for each stage, every unit a cell or a map.
//
// The values come as bytes, 128 for nothing, so that a frame is small and is drawn at once while a stroke grows. A click
// on a unit tells the server its stage and number.

const GAP = 1; // pixels of the picture between maps

function bytes(text) {
  const raw = atob(text);
  const values = new Uint8Array(raw.length);
  for (let place = 0; place < raw.length; place += 1) values[place] = raw.charCodeAt(place);
  return values;
}

function paint(canvas, stage, colors) {
  const { height, width, units, columns } = stage;
  const rows = Math.ceil(units / columns);
  const gap = height > 1 ? GAP : 0;
  canvas.width = columns * (width + gap) - gap;
  canvas.height = rows * (height + gap) - gap;
  const context = canvas.getContext("2d");
  const picture = context.createImageData(canvas.width, canvas.height);
  const values = bytes(stage.values);
  for (let unit = 0; unit < units; unit += 1) {
    const left = (unit % columns) * (width + gap);
    const top = Math.floor(unit / columns) * (height + gap);
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const value = (values[(y * width + x) * units + unit] - 128) / 127;
        const color = value < 0 ? colors.against : colors.for;
        const strength = Math.sqrt(Math.abs(value)); // small values can be seen, too
        const place = 4 * ((top + y) * canvas.width + left + x);
        for (let part = 0; part < 3; part += 1) {
          picture.data[place + part] = colors.none[part] + strength * (color[part] - colors.none[part]);
        }
        picture.data[place + 3] = 255;
      }
    }
  }
  context.putImageData(picture, 0, 0);
}

function unitAt(event, canvas, stage) {
  const box = canvas.getBoundingClientRect();
  const gap = stage.height > 1 ? GAP : 0;
  const rows = Math.ceil(stage.units / stage.columns);
  const column = Math.floor((((event.clientX - box.left) / box.width) * canvas.width) / (stage.width + gap));
  const row = Math.floor((((event.clientY - box.top) / box.height) * canvas.height) / (stage.height + gap));
  const unit = Math.min(row, rows - 1) * stage.columns + Math.min(column, stage.columns - 1);
  return unit < stage.units ? unit : null;
}

function place(mark, canvas, stage, unit) {
  const gap = stage.height > 1 ? GAP : 0;
  const rows = Math.ceil(stage.units / stage.columns);
  const across = 100 / (stage.columns * (stage.width + gap) - gap);
  const down = 100 / (rows * (stage.height + gap) - gap);
  mark.hidden = unit === null || unit === undefined;
  mark.style.left = `${(unit % stage.columns) * (stage.width + gap) * across}%`;
  mark.style.top = `${Math.floor(unit / stage.columns) * (stage.height + gap) * down}%`;
  mark.style.width = `${stage.width * across}%`;
  mark.style.height = `${stage.height * down}%`;
}

function build(root, data, open) {
  root.replaceChildren();
  return data.stages.map((stage) => {
    const section = document.createElement("section");
    const title = document.createElement("h4");
    const note = document.createElement("span");
    const frame = document.createElement("div");
    const canvas = document.createElement("canvas");
    const mark = document.createElement("i");
    const tip = document.createElement("output");
    section.append(title, frame, tip);
    title.append(stage.name, note);
    frame.append(canvas, mark);
    canvas.setAttribute("role", "img");
    const parts = { section, note, canvas, mark, tip, frame, stage };
    canvas.addEventListener("pointermove", (event) => {
      const unit = unitAt(event, canvas, parts.stage);
      tip.textContent = unit === null || !parts.stage.number ? "" : `unit ${unit}`;
    });
    canvas.addEventListener("pointerleave", () => (tip.textContent = ""));
    canvas.addEventListener("click", (event) => {
      const unit = unitAt(event, canvas, parts.stage);
      if (unit !== null && parts.stage.opens) open({ stage: parts.stage.number, unit });
    });
    root.append(section);
    return parts;
  });
}

function rgb(root, name) {
  const probe = document.createElement("b");
  probe.style.color = `var(${name})`;
  root.append(probe);
  const parts = getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number);
  probe.remove();
  return parts;
}

const shown = new WeakMap();

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  let root = parentElement.querySelector("article");
  if (!root) {
    root = document.createElement("article");
    parentElement.append(root);
  }
  const names = data.stages.map((stage) => [stage.name, stage.units, stage.height].join()).join(";");
  if (shown.get(root)?.names !== names) {
    shown.set(root, { names, parts: build(root, data, (unit) => setTriggerValue("unit", unit)) });
  }
  const colors = { for: rgb(root, "--for"), against: rgb(root, "--against"), none: rgb(root, "--none") };
  shown.get(root).parts.forEach((parts, number) => {
    const stage = data.stages[number];
    parts.stage = stage;
    parts.note.textContent = stage.note;
    parts.canvas.setAttribute("aria-label", `${stage.name}: ${stage.note}`);
    parts.section.className = stage.opens ? "opens" : "";
    parts.frame.style.width = `${stage.pixels}px`;
    paint(parts.canvas, stage, stage.number === 0 ? { ...colors, none: [0, 0, 0], for: [255, 255, 255] } : colors);
    place(parts.mark, parts.canvas, stage, stage.chosen);
  });
}
