// Small images to click: tells the page the place in the test set of the one that was clicked.

const shown = new WeakMap(); // what a gallery shows already, so that a rerun does not make it flicker

function figure({ place, source, alt, lines, badge, hint }, choose) {
  const button = document.createElement("button");
  button.type = "button";
  button.title = hint;
  button.setAttribute("aria-label", `${alt}. ${lines.join(", ")}`);
  const image = Object.assign(document.createElement("img"), { src: source, alt: "", decoding: "sync" });
  button.append(image);
  for (const line of badge ? [...lines, badge] : lines) {
    button.append(Object.assign(document.createElement("span"), { textContent: line }));
  }
  if (badge) button.classList.add("doubtful");
  button.onclick = () => choose(place);
  return button;
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const state = JSON.stringify(data);
  if (shown.get(parentElement) === state) return;
  shown.set(parentElement, state);
  const gallery = parentElement.querySelector(".gallery");
  gallery.replaceChildren(...data.map((each) => figure(each, (place) => setTriggerValue("image", place))));
}
