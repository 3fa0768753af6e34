// Sends pictures of the drawing canvas while a stroke grows, and at once when the pen is lifted.
//
// canvas.js draws, numbers every change and says by an event that there is one. A picture carries the number of the last
// change, and so does its answer. The next one goes out after that, so a slow server gets fewer pictures, never a queue;
// and the last one goes out again until it has been answered, so none can be lost.
//
// Where a model is to answer, it is asked here and its answer shown here, without a run of the page. Otherwise the
// pictures go to the page, which says by `answered` which one it shows.

const BETWEEN_PICTURES = 80; // milliseconds
const WHILE_DRAWING = 0.5; // of the canvas's size: a quarter of the pixels to send and read; the last picture is whole
const PATIENCE = 1000; // milliseconds after which a picture without an answer is sent again

const watchers = new WeakMap();

function createWatcher(name, place) {
  const picture = document.createElement("canvas");
  const context = picture.getContext("2d");
  let data = {}, send, answered = 0, sent = 0, sentAt = -Infinity, attempt = 0, timer = 0, watched = null;

  function look() {
    clearTimeout(timer);
    const { number, growing, layers, leaving } = watched;
    if (!layers || leaving || number <= answered) return;
    const since = performance.now() - sentAt;
    const pause = number > sent && !growing ? 0 : sent > answered ? PATIENCE : BETWEEN_PICTURES;
    if (since >= pause) sendPicture();
    timer = setTimeout(look, since >= pause ? PATIENCE : pause - since);
  }

  function sendPicture() {
    const { number, growing, layers } = watched;
    const scale = growing ? WHILE_DRAWING : 1;
    picture.width = layers[0].width * scale;
    picture.height = layers[0].height * scale;
    for (const layer of layers) context.drawImage(layer, 0, 0, picture.width, picture.height);
    sent = number;
    sentAt = performance.now();
    send({ number, picture: picture.toDataURL("image/png"), growing: Boolean(growing), attempt: attempt++ });
  }

  async function ask({ number, picture }) {
    const { canvas, model } = data;
    const address = `${location.pathname.replace(/\/$/, "")}/answer?${new URLSearchParams({ canvas, model })}`;
    const answer = await fetch(address, { method: "POST", body: picture })
      .then((response) => (response.ok ? response.text() : null))
      .catch(() => null); // it goes out again
    if (answer === null || number <= answered || model !== data.model) return;
    answered = number;
    place.innerHTML = answer || data.blank;
    look();
  }

  function onChange({ detail }) {
    if (detail.name !== name) return;
    watched = detail;
    look();
  }

  document.addEventListener("mnist-lab-drawing", onChange);
  return {
    update(now, setStateValue) {
      send = now.model ? ask : (value) => setStateValue("picture", value);
      if (now.model !== data.model || now.answered >= answered) {
        answered = now.answered;
        if (now.model) place.innerHTML = now.answer;
      }
      data = now;
      watched = globalThis.mnistLabDrawings?.get(name) ?? watched;
      if (watched) look();
    },
    stop() {
      clearTimeout(timer);
      document.removeEventListener("mnist-lab-drawing", onChange);
    },
  };
}

export default function ({ data, parentElement, setStateValue }) {
  if (!watchers.has(parentElement)) {
    watchers.set(parentElement, createWatcher(data.drawing, parentElement.querySelector(".place")));
  }
  watchers.get(parentElement).update(data, setStateValue);
  return () => {
    watchers.get(parentElement)?.stop();
    watchers.delete(parentElement);
  };
}
