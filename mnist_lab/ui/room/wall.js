// The wall of a class: asks twice a second what is new, and shows it.

const BETWEEN_LOOKS = 400, PATIENCE = 6000, DOUBLE_CLICK = 400; // milliseconds
const ORDERS = { newest: "Newest", digit: "By digit", doubt: "Doubt first", disagreement: "Misread first" };
const SIZES = [[40, 7.5], [120, 5.6], [Infinity, 4.2]]; // up to so many drawings, so many rem

const walls = new WeakMap();

function createWall(root) {
  const $ = (selector) => root.querySelector(selector);
  const drawings = new Map(), tiles = new Map(); // by name
  let code = "", step = 0, until = 0, stage = {}, hidden = new Set(), pupils = [];
  let timer = 0, stopped = false, brings = false;
  let clicks = 0, clickedAt = -Infinity;

  async function ask(what, content) {
    const page = location.pathname.replace(/[^/]*$/, "");
    const patience = new AbortController();
    const limit = setTimeout(() => patience.abort(), PATIENCE);
    const sent = content && { method: "POST", body: JSON.stringify(content) };
    try {
      const answer = await fetch(`${page}room/${code}/${what}`, { signal: patience.signal, ...sent });
      return { status: answer.status, ...(await answer.json()) };
    } catch {
      return {}; // it asks again
    } finally {
      clearTimeout(limit);
    }
  }

  async function look() {
    clearTimeout(timer);
    const asked = code, before = clicks;
    const found = await ask(`wall?step=${step}&since=${until}`);
    if (stopped || asked !== code) return;
    timer = setTimeout(look, BETWEEN_LOOKS);
    if (found.status === 200 && before === clicks) take(found); // what was asked before a click does not know of it
    else if (found.status === 404 && found.message) end();
  }

  function take(found) {
    const isNew = found.step !== step, before = until;
    if (isNew) empty();
    ({ step, until, stage, pupils } = found);
    hidden = new Set(found.hidden);
    renderCounts();
    renderBar();
    renderPeople();
    renderPoster(found.poster);
    if (stage.is_frozen && !isNew) until = before; // what comes meanwhile is asked for once more when it thaws
    else for (const [name, drawing] of Object.entries(found.drawings)) drawings.set(name, drawing);
    renderGrid();
  }

  function end() {
    clearTimeout(timer);
    empty();
    for (const part of [".join", ".bar", ".poster", ".people"]) $(part).hidden = true;
    $(".grid").hidden = false;
    $(".grid").replaceChildren(note("This class is over. Nothing of it is kept."));
  }

  function empty() {
    drawings.clear();
    tiles.clear();
    $(".grid").replaceChildren();
  }

  function renderCounts() {
    const here = pupils.filter((one) => one.is_here).length;
    const away = pupils.length - here;
    setText($(".counts"), `${here} ${here === 1 ? "phone" : "phones"} in${away ? `, ${away} away` : ""}`);
  }

  function renderBar() {
    for (const button of $(".orders").children) button.setAttribute("aria-pressed", button.value === stage.order);
    $(".freeze").setAttribute("aria-pressed", Boolean(stage.is_frozen));
    setText($(".freeze"), stage.is_frozen ? "Go on" : "Freeze");
    $(".unhide").hidden = !hidden.size;
    setText($(".unhide"), brings ? "Leave them hidden" : `Show ${hidden.size} hidden`);
    $(".unhide").setAttribute("aria-pressed", brings);
  }

  function renderPeople() {
    const doubled = pupils.filter((one) => one.shares_address).length;
    setText($(".people summary"), `Who is in, and how far${doubled ? `: ${doubled} phones share an address` : ""}`);
    const lines = pupils.map(({ animal, done, is_here, shares_address }) =>
      `${animal}: ${done} done${is_here ? "" : ", away"}${shares_address ? ", shares an address" : ""}`);
    if ($(".people ul").dataset.lines === lines.join("\n")) return;
    $(".people ul").dataset.lines = lines.join("\n");
    $(".people ul").replaceChildren(...lines.map((text, which) => {
      const item = Object.assign(document.createElement("li"), { textContent: text });
      item.classList.toggle("away", !pupils[which].is_here);
      return item;
    }));
  }

  function renderPoster(poster) {
    const place = $(".poster"); // HTML of the server's, instead of drawings
    if (place.dataset.shown !== poster) {
      place.dataset.shown = poster;
      place.innerHTML = poster;
    }
    for (const part of [".bar", ".grid"]) $(part).hidden = Boolean(poster);
  }

  function renderGrid() {
    const shown = sorted([...drawings].filter(([name, one]) => one.lines.length && (brings || !hidden.has(name))));
    const names = new Map(pupils.map((one) => [one.id, one.animal]));
    const grid = $(".grid");
    grid.style.setProperty("--tile", `${SIZES.find(([most]) => shown.length <= most)[1]}rem`);
    place(grid, shown.length ? shown.map(([name, one]) => tileOf(name, one, names)) : [note()]);
    const done = shown.filter(([name, one]) => one.done && !hidden.has(name)).map(([, one]) => one);
    const right = done.filter((one) => one.reading === one.asked).length;
    const score = `The network reads ${right} of ${done.length} as asked`;
    setText($(".score"), done.length && stage.shows_answers ? score : "");
  }

  // Only what is new or moves is touched, so that what has the focus keeps it.
  function place(grid, wanted) {
    const stays = new Set(wanted);
    for (const old of [...grid.children]) if (!stays.has(old)) old.remove();
    wanted.forEach((tile, at) => grid.children[at] !== tile && grid.insertBefore(tile, grid.children[at] ?? null));
  }

  function sorted(found) {
    const newest = ([, a], [, b]) => b.saved - a.saved;
    const differs = ([, one]) => one.done && one.reading !== one.asked;
    const by = {
      newest,
      digit: (a, b) => a[1].asked - b[1].asked || newest(a, b),
      doubt: (a, b) => a[1].surest - b[1].surest || newest(a, b),
      disagreement: (a, b) => differs(b) - differs(a) || (differs(a) ? b[1].surest - a[1].surest : newest(a, b)),
    };
    return found.sort(by[stage.order] ?? newest);
  }

  function tileOf(name, one, names) {
    const animal = stage.shows_animals ? names.get(name.split("-")[0]) ?? "" : "";
    const state = JSON.stringify([one.saved, stage.shows_answers, hidden.has(name), animal]);
    const known = tiles.get(name);
    if (known?.state === state) return known.tile;
    const tile = drawTile(one, animal);
    tile.classList.toggle("hidden", hidden.has(name));
    tile.title = hidden.has(name) ? "Show it again" : "Hide it";
    tile.setAttribute("aria-label", `${tile.title}: ${words(one)}`);
    tile.onclick = () => {
      const isSecond = performance.now() - clickedAt < DOUBLE_CLICK; // another one has moved up
      if (!isSecond) hide(name, !hidden.has(name));
    };
    tiles.set(name, { state, tile });
    return tile;
  }

  function drawTile(one, animal) {
    const tile = Object.assign(document.createElement("button"), { type: "button", className: "tile" });
    const lines = one.lines.map((line) => {
      const points = (line.length > 1 ? line : [line[0], line[0]]).map((point) => point.join()).join(" ");
      return `<polyline points="${points}"/>`; // numbers, which the server has checked
    });
    tile.innerHTML = `<svg viewBox="0 0 280 280" aria-hidden="true">${lines.join("")}</svg>`;
    if (stage.shows_answers && (one.done || one.reading !== null)) {
      tile.append(Object.assign(document.createElement("span"), { textContent: one.reading ?? "?" }));
      tile.classList.toggle("differs", one.done && one.reading !== null && one.reading !== one.asked);
      tile.classList.toggle("none", one.reading === null);
    }
    const isMisread = stage.shows_answers && one.done && one.reading !== one.asked;
    const about = [animal, ...(isMisread ? [`asked: ${one.asked}`] : [])].filter(Boolean).join(", ");
    if (about) tile.append(Object.assign(document.createElement("em"), { textContent: about }));
    return tile;
  }

  function words(one) {
    const said = one.reading === null ? "no digit" : one.reading;
    return `asked ${one.asked}${stage.shows_answers ? `, read as ${said}` : ""}`;
  }

  function note(text = step ? "Nothing is drawn yet." : "Start an activity, and what the phones draw appears here.") {
    return Object.assign(document.createElement("div"), { className: "empty", textContent: text });
  }

  async function hide(name, isHidden) {
    clicks += 1;
    clickedAt = performance.now();
    isHidden ? hidden.add(name) : hidden.delete(name);
    renderBar();
    renderGrid(); // at once; the next look says what is so
    await ask("hidden", { step, name, hidden: isHidden });
  }

  async function change(what) {
    clicks += 1;
    Object.assign(stage, what);
    renderBar();
    renderGrid();
    await ask("stage", what);
  }

  for (const [value, textContent] of Object.entries(ORDERS)) {
    const button = Object.assign(document.createElement("button"), { type: "button", value, textContent });
    button.onclick = () => change({ order: value });
    $(".orders").append(button);
  }
  $(".freeze").onclick = () => change({ is_frozen: !stage.is_frozen });
  $(".unhide").onclick = () => {
    brings = !brings;
    renderBar();
    renderGrid();
  };

  return {
    update(data) {
      if (data.code !== code) {
        ({ code } = data);
        step = until = 0;
        empty();
        for (const part of [".join", ".bar"]) $(part).hidden = false;
        look();
      }
      $(".people").hidden = data.is_presented;
      const where = data.address.replace(/^https?:\/\//, "").replace(/\?.*/, "");
      setText($(".where"), `Open ${where} and type`);
      if ($(".letters").textContent !== code) setText($(".letters"), code);
      $(".letters").setAttribute("aria-label", `The code ${[...code].join(" ")}`);
      if ($(".qr").dataset.address !== data.address) {
        $(".qr").dataset.address = data.address;
        $(".qr").innerHTML = data.qr;
        $(".qr").setAttribute("aria-label", `QR code of ${data.address}`);
      }
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export default function ({ data, parentElement }) {
  if (!walls.has(parentElement)) walls.set(parentElement, createWall(parentElement));
  walls.get(parentElement).update(data);
  return () => {
    walls.get(parentElement)?.stop();
    walls.delete(parentElement);
  };
}
