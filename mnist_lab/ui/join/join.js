// A pupil's phone: one thing at a time. What is drawn lies here until the server has it, also over a reload, so a
// network or a server that fails loses nothing; and the server knows each drawing by its step, task and number, so it
// counts once.

const BETWEEN_LOOKS = 1500, BETWEEN_TRIES = 1500, PATIENCE = 6000, DOUBLE_TAP = 300, NOTED = 4000; // milliseconds
const SETTLED = [200, 400, 409, 413]; // taken, or refused for good
const SIDE = 280, PEN = 20, FINEST = 3; // pixels of the canvas
const MOST_LINES = 60, MOST_POINTS = 3900; // of a drawing: the server takes no more
const CODE = "mnist-lab-class"; // names the code in what the browser keeps, and heads the names of the rest

const $ = (selector) => document.querySelector(selector);
const screens = ["code", "waiting", "drawing", "betting", "reading", "entering"];
const canvas = $("canvas"), pen = canvas.getContext("2d");
const keep = storage();
let code = (new URLSearchParams(location.search).get("code") ?? keep.get(CODE) ?? "").trim().toUpperCase();
let me = null; // what the server says: who somebody is, and the step
let work = {}; // by task: {number, lines, done, sent}
let seen = 0, shown = null, shownAt = 0, late = 0; // of images to read: which, which is shown since when, its timer
let task = 0, growing = null, pointer = null, isSending = false, looking = 0, looks = 0;
let isAway = false, noted = 0; // what the note says: no connection, and otherwise until when

function storage() {
  const inMemory = new Map(); // where the browser keeps nothing for this page
  const attempt = (stored, instead) => { try { return stored(); } catch { return instead(); } };
  return {
    get: (name) => inMemory.get(name) ?? attempt(() => localStorage.getItem(name), () => null),
    set(name, value) {
      inMemory.delete(name);
      attempt(() => localStorage.setItem(name, value), () => inMemory.set(name, value)); // full, or forbidden
    },
    drop(name) {
      inMemory.delete(name);
      attempt(() => localStorage.removeItem(name), () => null);
    },
    names: () => [...new Set([...inMemory.keys(), ...attempt(() => Object.keys(localStorage), () => [])])],
  };
}

// Answers of the server, or null where none came; the reason of a refusal is in `message`, its kind in `status`.
async function ask(what, method = "GET", content = undefined) {
  const patience = new AbortController(), limit = setTimeout(() => patience.abort(), PATIENCE);
  try {
    const body = content && JSON.stringify(content);
    const answer = await fetch(`room/${code}/${what}`, { method, body, signal: patience.signal });
    if (answer.status >= 500) throw new Error(answer.statusText);
    const found = { status: answer.status, ...(await answer.json()) };
    if (isAway || Date.now() > noted) say("");
    isAway = false;
    return found;
  } catch {
    isAway = true;
    say("No connection. What you draw is kept here, and sent when it is back.");
    return null;
  } finally {
    clearTimeout(limit);
  }
}

function tell(text) {
  noted = Date.now() + NOTED;
  say(text);
}

function say(text) {
  $("#note").hidden = !text;
  if ($("#note").textContent !== text) $("#note").textContent = text;
}

function isCode() {
  return /^[A-Z]{5}$/.test(code);
}

function show(name) {
  for (const screen of screens) $(`#${screen}`).hidden = screen !== name;
}

// in and out

async function enter() {
  const found = await ask("enter", "POST");
  if (!found) return setTimeout(enter, BETWEEN_TRIES);
  if (found.status !== 200) return leave(found.message, found.status === 404);
  const isOfAnother = (name) => name.startsWith(`${CODE}-`) && !name.startsWith(`${CODE}-${code}-`);
  keep.names().filter(isOfAnother).forEach(keep.drop);
  keep.set(CODE, code);
  history.replaceState(null, "", `join?code=${code}`);
  take(found);
  look();
}

function leave(reason, isOver) {
  clearTimeout(looking);
  looks += 1;
  for (const name of isOver ? keep.names() : []) if (name.startsWith(`${CODE}-${code}-`)) keep.drop(name);
  if (isOver) keep.drop(CODE);
  stopClock();
  me = null;
  work = {};
  growing = null;
  paint();
  $("#letters").value = code;
  $("#code .wrong").textContent = reason;
  show("code");
  $("#letters").focus();
}

async function look() {
  clearTimeout(looking);
  const mine = ++looks;
  const found = await ask(`me?step=${me.step}`);
  if (mine !== looks) return; // somebody looks in its place
  if (found?.status === 200) take(found);
  else if (found?.status === 404) return leave(found.message, true);
  else if (found) tell(found.message);
  looking = setTimeout(look, BETWEEN_LOOKS * (0.9 + 0.2 * Math.random()));
}

function take(found) {
  const isNew = found.step && found.step !== me?.step;
  if (isNew && !found.kind) return; // an answer from before; the next one has it
  if (isNew) {
    halt();
    stopClock();
  }
  me = { ...me, ...found };
  if (isNew && me.kind === "draw") beginToDraw();
  if (isNew && me.kind === "read") beginToRead();
  if (isNew && me.kind === "challenge") beginToEnter();
  render();
  send();
}

// a step

function beginToDraw() {
  work = JSON.parse(keep.get(place()) ?? "{}");
  for (const [which, known] of Object.entries(me.drawn)) {
    const mine = work[which];
    if (!mine || mine.number < known.number) work[which] = { ...known, lines: mine?.lines ?? [], sent: known.number };
  }
  task = me.tasks.findIndex((_, which) => !work[which]?.done);
  if (task < 0) task = me.tasks.length;
  paint();
}

function place(step = me.step) {
  return `${CODE}-${code}-${step}`;
}

function render() {
  for (const element of document.querySelectorAll(".animal")) element.textContent = me.animal;
  if (me.step && !me.paused && me.kind === "draw" && task < me.tasks.length) return renderTask();
  halt();
  if (me.step && !me.paused && me.kind === "bet") return renderBet();
  if (me.step && !me.paused && me.kind === "read" && me.open && seen < me.pictures.length) return renderPicture();
  if (me.step && !me.paused && me.kind === "challenge" && me.open) return renderEntering();
  stopClock();
  $("#waiting .what").textContent = me.paused ? "Look up: your teacher has paused." :
    me.step && me.kind === "train" ? trained() :
    me.kind === "read" && !me.open ? "Look at the wall: there are the answers." :
    me.kind === "challenge" && !me.open ? "It is closed. Look at the wall: the test set speaks." :
    me.step ? "All done. Look at the wall." : "You are in. Look at the wall: it begins soon.";
  $(".spin").textContent = `Another animal, please (${me.spins} left)`;
  $(".spin").hidden = !me.spins || me.step > 0;
  show("waiting");
}

function trained() {
  const { own, prompt } = me;
  if (!own) return prompt;
  return `Of your ${own.digits} digits, the network read ${own.before} before, and ${own.after} once it had learnt from the others.`;
}

function renderTask() {
  $(".digit").textContent = me.tasks[task];
  $("#drawing .place").textContent = `${task + 1} of ${me.tasks.length}`;
  $("#drawing .prompt").textContent = me.prompt;
  canvas.setAttribute("aria-label", `Canvas to draw a ${me.tasks[task]} on`);
  const isBlank = !current().lines.length && !growing;
  for (const name of [".undo", ".clear", ".next"]) $(name).disabled = isBlank;
  show("drawing");
}

// a bet

function renderBet() {
  const chosen = placed(me.turn) ?? me.chosen;
  $(".question").textContent = me.question;
  const texts = JSON.stringify(me.options);
  if ($(".options").dataset.texts !== texts) {
    $(".options").dataset.texts = texts;
    $(".options").replaceChildren(...me.options.map((textContent, choice) => {
      const button = Object.assign(document.createElement("button"), { textContent });
      button.addEventListener("click", () => bet(choice));
      return button;
    }));
  }
  [...$(".options").children].forEach((button, choice) => {
    button.setAttribute("aria-pressed", choice === chosen);
    button.disabled = !me.open;
  });
  $(".hint").textContent = me.over ? "Look at the wall." : !me.open ? "Talk with your neighbour: why did you bet so?" :
    chosen === null ? "Bet alone, without a word." : me.prompt;
  show("betting");
}

function bet(choice) {
  choose(me.turn, choice);
  renderBet();
}

// What was chosen and the server does not have yet, by step and turn; the last choice counts.

function choices() {
  return JSON.parse(keep.get(choicesPlace()) ?? "{}");
}

function choicesPlace() {
  return `${CODE}-${code}-choices`;
}

function placed(turn) {
  return choices()[`${me.step}-${turn}`]?.choice ?? null;
}

function choose(turn, choice) {
  keep.set(choicesPlace(), JSON.stringify({ ...choices(), [`${me.step}-${turn}`]: { step: me.step, turn, choice } }));
  send();
}

// images to read, each in some seconds

function beginToRead() {
  const missed = JSON.parse(keep.get(missedPlace()) ?? "[]"); // whose time ran out before the page was loaded again
  me.read = [...me.read, ...missed];
  seen = 0;
  skipRead();
}

function missedPlace() {
  return `${CODE}-${code}-missed-${me.step}`;
}

function skipRead() {
  while (seen < me.pictures.length && (me.read.includes(seen) || placed(seen) !== null)) seen += 1;
}

function renderPicture() {
  $("#reading .prompt").textContent = me.prompt;
  $("#reading .place").textContent = `${seen + 1} of ${me.pictures.length}`;
  show("reading");
  if (shown === seen) return;
  stopClock();
  shown = seen;
  shownAt = Date.now();
  $(".picture").src = me.pictures[seen];
  $(".clock").hidden = !me.seconds;
  if (!me.seconds) return;
  late = setTimeout(miss, 1000 * me.seconds);
  const shrinks = [{ transform: "scaleX(1)" }, { transform: "scaleX(0)" }];
  $(".clock i").animate(shrinks, { duration: 1000 * me.seconds, fill: "forwards" });
}

function stopClock() {
  clearTimeout(late);
  shown = null;
  $(".clock i").getAnimations().forEach((one) => one.cancel());
}

function miss() {
  me.read.push(seen);
  keep.set(missedPlace(), JSON.stringify([...JSON.parse(keep.get(missedPlace()) ?? "[]"), seen]));
  nextPicture();
}

function nextPicture() {
  seen += 1;
  skipRead();
  render();
}

for (let digit = 0; digit < 10; digit += 1) {
  const button = Object.assign(document.createElement("button"), { textContent: digit });
  button.addEventListener("click", () => {
    if (shown !== seen || Date.now() - shownAt < DOUBLE_TAP) return; // the second tap of two is not for the next one
    choose(seen, digit);
    me.read.push(seen);
    nextPicture();
  });
  $(".digits").append(button);
}

// the challenge: a network is chosen by its knobs, and entered; the server says how large it is

function beginToEnter() {
  $(".knobs").replaceChildren(...me.knobs.map(({ name, label, options }) => {
    const knob = Object.assign(document.createElement("label"), { textContent: label });
    const list = Object.assign(document.createElement("select"), { name });
    list.append(...options.map((text, value) => Object.assign(document.createElement("option"), { value, textContent: text || "none" })));
    list.addEventListener("change", measure);
    knob.append(list);
    return knob;
  }));
  me.size = null;
  measure();
}

function chosen() {
  return Object.fromEntries([...document.querySelectorAll(".knobs select")].map((list) => [list.name, Number(list.value)]));
}

async function measure() {
  if (me?.kind !== "challenge") return; // another step has begun
  const asked = chosen();
  me.size = null;
  render();
  const found = await ask("size", "POST", { step: me.step, number: 0, chosen: asked });
  if (me?.kind !== "challenge" || JSON.stringify(asked) !== JSON.stringify(chosen())) return; // turned once more
  if (found?.status !== 200) return setTimeout(measure, BETWEEN_TRIES);
  me.size = found;
  render();
}

function renderEntering() {
  const { size, entries, tries, most } = me;
  const isTooLarge = size?.parameters > most, left = tries - entries.length;
  $("#entering .prompt").textContent = me.prompt;
  $("#entering .place").textContent = `${left} of ${tries} left`;
  for (const list of document.querySelectorAll(".knobs select")) {
    list.parentElement.hidden = Boolean(size) && !size.matter.includes(list.name);
  }
  $(".size").textContent = !size ? "…" : size.problem ||
    `${size.parameters.toLocaleString("en")} parameters${isTooLarge ? `: ${most.toLocaleString("en")} are allowed` : ""}`;
  $(".size").classList.toggle("wrong", Boolean(size && (size.problem || isTooLarge)));
  $(".enter").disabled = !size || Boolean(size.problem) || isTooLarge || left < 1 || Boolean(me.isEntering);
  const lines = entries.map((one, which) => `${which + 1}: ${one.parameters.toLocaleString("en")} parameters, ${
    one.problem || (one.accuracy === null ? "in training …" : `${(100 * one.accuracy).toFixed(2)} %, place ${one.place}`)}`);
  if ($(".own").dataset.lines !== lines.join("\n")) {
    $(".own").dataset.lines = lines.join("\n");
    $(".own").replaceChildren(...lines.map((textContent) => Object.assign(document.createElement("li"), { textContent })));
  }
  show("entering");
}

$(".enter").addEventListener("click", async () => {
  const entry = { step: me.step, number: me.entries.length, chosen: chosen() };
  me.isEntering = true;
  render();
  const found = await ask("entry", "PUT", entry);
  if (!me) return;
  me.isEntering = false;
  if (found && found.status !== 200) tell(found.message);
  look();
});

function current() {
  return (work[task] ??= { number: 0, lines: [], done: false, sent: 0 });
}

function change(done = false) {
  const drawing = current();
  drawing.number += 1;
  drawing.done = done;
  save();
  send();
}

function save() {
  keep.set(place(), JSON.stringify(work));
}

function next() {
  halt();
  if (!current().lines.length) return;
  change(true);
  task += 1;
  while (task < me.tasks.length && work[task]?.done) task += 1;
  paint();
  render();
}

// Everything that the server does not have yet goes there, one after the other; of steps before this one, too.
async function send() {
  if (isSending || !me) return;
  isSending = true;
  try {
    for (;;) {
      const unsent = me && waiting();
      if (!unsent) return;
      const { what, content } = unsent;
      const found = await ask(what, "PUT", content);
      if (!me) return;
      if (found?.status === 404) return leave(found.message, true);
      if (!SETTLED.includes(found?.status)) {
        if (found) tell(found.message);
        await new Promise((resolve) => setTimeout(resolve, BETWEEN_TRIES));
        continue;
      }
      if (found.status !== 200) tell(found.message);
      if (what === "drawing") settleDrawing(content, unsent.drawings, found.number ?? content.number);
      else settleChoice(content, found.status);
    }
  } finally {
    isSending = false;
  }
}

function waiting() {
  const [chosen] = Object.values(choices());
  if (chosen) return { what: "choice", content: chosen };
  const head = `${CODE}-${code}-`;
  for (const name of keep.names().filter((name) => name.startsWith(head))) {
    const step = Number(name.slice(head.length));
    if (!step) continue; // no drawings
    const drawings = isHere(step) ? work : JSON.parse(keep.get(name));
    const task = Object.keys(drawings).find((which) => drawings[which].number > drawings[which].sent);
    if (task === undefined) continue;
    const { number, lines, done } = drawings[task];
    return { what: "drawing", content: { step, task: Number(task), number, lines, done }, drawings };
  }
  return null;
}

function isHere(step) {
  return step === me.step && me.kind === "draw";
}

function settleDrawing({ step, task, number }, drawings, kept) {
  const known = isHere(step) ? work : drawings;
  known[task].sent = number;
  if (kept > number) known[task].number = kept + 1; // of another tab's; what is drawn here last counts
  if (known[task].done && known[task].number === number) known[task].lines = [];
  keep.set(place(step), JSON.stringify(known));
}

function settleChoice({ step, turn, choice }, status) {
  const { [`${step}-${turn}`]: last, ...others } = choices();
  if (last?.choice !== choice) return; // another one was made meanwhile
  if (status === 200 && step === me.step && turn === me.turn) me.chosen = choice;
  keep.set(choicesPlace(), JSON.stringify(others));
  render();
}

// the canvas

function paint() {
  pen.fillStyle = "#000";
  pen.fillRect(0, 0, SIDE, SIDE);
  Object.assign(pen, { strokeStyle: "#fff", fillStyle: "#fff", lineWidth: PEN, lineCap: "round", lineJoin: "round" });
  for (const line of [...(work[task]?.lines ?? []), ...(growing ? [growing] : [])]) {
    pen.beginPath();
    pen.moveTo(...line[0]);
    for (const point of line.length > 1 ? line.slice(1) : line) pen.lineTo(...point);
    pen.stroke();
  }
}

function pointOf(event) {
  const box = canvas.getBoundingClientRect();
  const scale = SIDE / box.width;
  return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale].map(Math.round);
}

function isFull() {
  const lines = [...current().lines, growing ?? []];
  return lines.length > MOST_LINES || lines.flat().length >= MOST_POINTS;
}

function halt() {
  pointer = null;
  if (!growing) return;
  current().lines.push(growing);
  growing = null;
  change();
}

canvas.addEventListener("pointerdown", (event) => {
  if (pointer !== null || event.button !== 0) return;
  event.preventDefault();
  if (isFull()) return tell("This paper is full. Press Clear or Next.");
  pointer = event.pointerId;
  canvas.setPointerCapture(pointer);
  growing = [pointOf(event)];
  paint();
});
canvas.addEventListener("pointermove", (event) => {
  if (event.pointerId !== pointer) return;
  if (isFull()) return;
  for (const each of [...(event.getCoalescedEvents?.() ?? []), event]) {
    const [x, y] = pointOf(each), [lastX, lastY] = growing.at(-1);
    if (Math.hypot(x - lastX, y - lastY) >= FINEST) growing.push([x, y]);
  }
  paint();
});
for (const end of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(end, (event) => {
    if (event.pointerId !== pointer) return;
    halt();
    render();
  });
}
$(".undo").addEventListener("click", () => { halt(); current().lines.pop(); paint(); change(); render(); });
$(".clear").addEventListener("click", () => { halt(); current().lines = []; paint(); change(); render(); });
$(".next").addEventListener("click", next);
$(".spin").addEventListener("click", async () => {
  $(".spin").disabled = true;
  const found = await ask("spin", "POST");
  $(".spin").disabled = false;
  if (found?.status === 200) take(found);
  else if (found) tell(found.message);
});
$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  code = $("#letters").value.trim().toUpperCase();
  $("#code .wrong").textContent = isCode() ? "" : "A code has five letters.";
  if (isCode()) enter();
});
addEventListener("online", () => { if (me) look(); });
document.addEventListener("visibilitychange", () => { if (me && !document.hidden) look(); });

paint();
if (isCode()) enter();
else show("code");
