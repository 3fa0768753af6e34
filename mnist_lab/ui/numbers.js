// Buttons, and the arrow keys, that take the number in the text field beside them to its next stop.
//
// What stands in the field is Streamlit's own, so a step is written into it as if it were typed, and committed by Enter.

const setValue = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
const fields = new WeakMap();

function write(input, text) {
  setValue.call(input, text);
  input.dispatchEvent(new Event("input", { bubbles: true }));
  setTimeout(() => input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }))); // once it is seen
}

function createField(root) {
  const host = root.host ?? root;
  const place = host.closest('[class*="st-key-number_"]');
  const [less, more] = root.querySelectorAll("button");
  let data;
  let frame = 0;
  let shown = false;

  const input = () => place.querySelector("input");

  function number() {
    const text = input().value.trim();
    const plain = data.whole && /^\d{1,3}(,\d{3})+$/.test(text) ? text.replaceAll(",", "") : text.replace(",", ".");
    return plain === "" ? NaN : Number(plain);
  }

  function next(up) {
    const now = number();
    if (Number.isNaN(now)) return data.start;
    const { low, high, stops } = data;
    if (stops.length) return up ? stops.find((stop) => stop > now) : stops.findLast((stop) => stop < now);
    const stop = up ? Math.max(Math.floor(now) + 1, low) : Math.min(Math.ceil(now) - 1, high);
    return low <= stop && stop <= high ? stop : undefined;
  }

  function step(up) {
    const stop = next(up);
    if (stop === undefined || data.disabled) return;
    write(input(), String(stop));
    update();
  }

  function update() {
    less.disabled = data.disabled || next(false) === undefined;
    more.disabled = data.disabled || next(true) === undefined;
  }

  // The field comes after its buttons, and what the server puts into it after that; until then there is nothing to step.
  function dress() {
    if (!input() || (!shown && data.text && !input().value)) {
      frame = requestAnimationFrame(dress);
      return;
    }
    shown = true;
    input().setAttribute("role", "spinbutton");
    input().setAttribute("inputmode", data.whole ? "numeric" : "decimal"); // the keyboard of a phone
    update();
  }

  function onKey(event) {
    const up = event.key === "ArrowUp";
    if (!shown || event.target !== input() || !(up || event.key === "ArrowDown")) return;
    event.preventDefault();
    step(up);
  }

  for (const button of [less, more]) button.onmousedown = (event) => event.preventDefault(); // the focus stays
  less.onclick = () => step(false);
  more.onclick = () => step(true);
  place.addEventListener("keydown", onKey);
  place.addEventListener("input", update);
  return {
    show(newData) {
      data = newData;
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(dress);
    },
    stop() {
      cancelAnimationFrame(frame);
      place.removeEventListener("keydown", onKey);
      place.removeEventListener("input", update);
    },
  };
}

export default function (component) {
  const { data, parentElement } = component;
  if (!fields.has(parentElement)) fields.set(parentElement, createField(parentElement));
  fields.get(parentElement).show(data);
  return () => {
    fields.get(parentElement)?.stop();
    fields.delete(parentElement);
  };
}
