// Watches the drawing canvas and sends its picture while a stroke grows, and at once when the pen is lifted.
//
// The canvas component itself sends 200 ms after the pen is lifted. This companion looks into its shadow root, where
// canvas.lower-canvas holds the finished strokes and canvas.upper-canvas the one under way, and sends the two laid over
// each other. A picture is sent only after the one before was answered, so a slow server gets fewer, never a queue.
// Where there is no canvas it does nothing.

const MILLISECONDS_BETWEEN_PICTURES = 80;
const WHILE_DRAWING = 0.5; // of the canvas's size: a quarter of the pixels to send and read; the last picture is whole
const PATIENCE = 1000; // after so long without an answer, send again
const watchers = new WeakMap();

function layersUnder(event) {
  const path = event.composedPath();
  const upper = path[0];
  const ours = path.some((element) => element.classList?.contains("st-key-canvas"));
  if (!ours || !upper.matches("canvas.upper-canvas")) return null;
  const lower = upper.parentElement.querySelector("canvas.lower-canvas");
  return lower ? [lower, upper] : null;
}

function createWatcher(send, { width, height }) {
  const picture = document.createElement("canvas");
  const context = picture.getContext("2d");
  let layers = null;
  let drawing = false;
  let changed = false;
  let waitingSince = 0;
  let sentAt = 0;
  let timer = 0;

  function sendPicture() {
    const scale = drawing ? WHILE_DRAWING : 1;
    picture.width = width * scale;
    picture.height = height * scale;
    for (const layer of layers) context.drawImage(layer, 0, 0, picture.width, picture.height);
    changed = false;
    waitingSince = sentAt = performance.now();
    send({ picture: picture.toDataURL("image/png"), drawing });
  }

  function tick() {
    timer = 0;
    const now = performance.now();
    const answered = waitingSince === 0 || now - waitingSince > PATIENCE;
    if (changed && answered && now - sentAt >= MILLISECONDS_BETWEEN_PICTURES) sendPicture();
    if (drawing || changed) timer = requestAnimationFrame(tick);
  }

  function onDown(event) {
    layers = layersUnder(event);
    drawing = layers !== null;
    onMove();
  }

  function onMove() {
    if (!drawing) return;
    changed = true;
    if (!timer) timer = requestAnimationFrame(tick);
  }

  function onUp() {
    if (!drawing) return;
    drawing = false;
    sendPicture(); // before the canvas moves the stroke from the upper to the lower layer
  }

  // In the capturing phase: the canvas stops some events on their way up.
  document.addEventListener("pointerdown", onDown, true);
  document.addEventListener("pointermove", onMove, true);
  document.addEventListener("pointerup", onUp, true);
  document.addEventListener("pointercancel", onUp, true);
  return {
    answered() {
      waitingSince = 0;
    },
    stop() {
      cancelAnimationFrame(timer);
      document.removeEventListener("pointerdown", onDown, true);
      document.removeEventListener("pointermove", onMove, true);
      document.removeEventListener("pointerup", onUp, true);
      document.removeEventListener("pointercancel", onUp, true);
    },
  };
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  if (!watchers.has(parentElement)) {
    watchers.set(parentElement, createWatcher((frame) => setTriggerValue("frame", frame), data));
  }
  watchers.get(parentElement).answered();
  return () => {
    watchers.get(parentElement)?.stop();
    watchers.delete(parentElement);
  };
}
