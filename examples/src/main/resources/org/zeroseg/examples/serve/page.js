"use strict";

// The longer side of what is drawn, in pixels; the browser scales it to what fits.
const LARGEST = 1600;
// Smaller pictures are drawn several times as large, with their pixels seen.
const SMALL = 400;

const FORMATS = {
  overlay: "Picture with overlay (PNG)",
  json: "Masks (JSON)",
  coco: "COCO, run lengths",
  "coco-polygons": "COCO, polygons",
  "coco-results": "COCO results",
  yolo: "YOLO segmentation",
  labelme: "LabelMe",
  voc: "Pascal VOC",
  labels: "Label picture (PNG)",
  masks: "A mask for each segment (PNG)",
  geojson: "GeoJSON (QuPath)",
  "label-studio": "Label Studio, brush",
  "label-studio-polygons": "Label Studio, polygons",
};

const at = (id) => document.getElementById(id);
const state = {
  file: null, image: null, result: null, shown: [], owner: null,
  width: 0, height: 0, mark: -1, kind: "segment", asking: null, server: null, x: 0.5, y: 0.5,
};

function headers() {
  const token = at("token").value;
  return token ? { Authorization: "Bearer " + token } : {};
}

function say(text) { at("status").textContent = text; }
function complain(text) { at("problem").textContent = text; }

async function learn() {
  let answer;
  try {
    answer = await fetch("model", { headers: headers() });
  } catch (e) {
    complain("The server cannot be reached.");
    return false;
  }
  at("token-row").hidden = answer.status !== 401 && !at("token").value;
  if (answer.status === 401) {
    complain(at("token").value ? "The server does not know this token." : "");
    say("This server asks for a token.");
    at("token").focus();
    return false;
  }
  if (!answer.ok) {
    complain(await reason(answer));
    return false;
  }
  complain("");
  say("");
  const server = await answer.json();
  const first = state.server === null;
  state.server = server;
  at("model").textContent = "Model: " + server.model + (server.note ? ". " + server.note : "");
  at("salient").hidden = !server.saliency;
  at("words-help").textContent = "Synonyms by a bar: sofa|couch."
    + (server.discover ? " Leave it empty to discover what there is." : "");
  if (first) {
    at("words").value = server.words.join(", ");
    for (const format of ["overlay", ...server.formats.filter((f) => f !== "overlay")]) {
      at("format").add(new Option(FORMATS[format] || format, format));
    }
  }
  rename();
  return true;
}

function words() { return at("words").value.split(",").map((w) => w.trim()).filter((w) => w); }

function rename() {
  const discover = words().length === 0 && state.server && state.server.discover;
  at("run").textContent = discover ? "Discover" : "Segment";
}

async function reason(answer) {
  try {
    return (await answer.json()).error.message;
  } catch (e) {
    return "The server answered " + answer.status + ".";
  }
}

async function take(file) {
  if (!file) {
    return;
  }
  if (state.server && file.size > state.server.limits.bytes) {
    complain("This file has " + megabytes(file.size) + "; at most "
      + megabytes(state.server.limits.bytes) + " are taken.");
    return;
  }
  complain("");
  state.file = file;
  state.result = null;
  state.image = null;
  try {
    // Upright by its EXIF notes, as the server sees it.
    state.image = await createImageBitmap(file);
  } catch (e) {
    // A format that this browser does not know: the server sends a preview.
  }
  if (state.file !== file) {
    return;
  }
  at("drop").classList.add("small");
  present();
  if (words().length > 0 || (state.server && state.server.discover)) {
    await ask("segment");
  } else {
    say("Type what to look for.");
    at("words").focus();
  }
}

function megabytes(bytes) { return (bytes / 1048576).toFixed(1) + " MiB"; }

function form(kind) {
  const data = new FormData();
  data.append("picture", state.file, state.file.name || "pasted.png");
  if (kind === "segment") {
    data.append("words", at("words").value);
    const threshold = Number(at("threshold").value);
    if (threshold > 0) {
      data.append("threshold", String(threshold));
    }
    if (at("all").checked) {
      data.append("allPixels", "true");
    } else if (at("background").value.trim()) {
      data.append("background", at("background").value);
    }
    if (at("not").value.trim()) {
      data.append("not", at("not").value);
    }
  }
  return data;
}

async function ask(kind) {
  if (!state.file) {
    complain("Choose a picture first.");
    at("file").focus();
    return;
  }
  if (!state.server && !(await learn())) {
    return;
  }
  let method = kind;
  if (kind === "segment" && words().length === 0) {
    if (!state.server.discover) {
      complain("Type what to look for, such as: cat, sofa.");
      at("words").focus();
      return;
    }
    method = "discover";
  }
  if (state.asking) {
    state.asking.abort();
  }
  const asking = new AbortController();
  state.asking = asking;
  state.kind = method;
  complain("");
  say("Looking ...");
  document.body.classList.add("busy");
  try {
    const data = form(method);
    if (!state.image) {
      data.append("preview", "true");
    }
    const answer = await fetch(method, {
      method: "POST", body: data, headers: headers(), signal: asking.signal,
    });
    if (!answer.ok) {
      say("");
      complain(await reason(answer));
      if (answer.status === 401) {
        await learn();
      }
      return;
    }
    const result = await answer.json();
    if (result.preview) {
      state.image = await createImageBitmap(await (await fetchData(result.preview)));
    }
    state.result = result;
    say("Took " + result.seconds.toFixed(result.seconds < 1 ? 2 : 1) + " s, "
      + result.width + " x " + result.height + " pixels.");
    present();
  } catch (e) {
    if (e.name !== "AbortError") {
      say("");
      complain("The server cannot be reached.");
    }
  } finally {
    if (state.asking === asking) {
      state.asking = null;
      document.body.classList.remove("busy");
    }
  }
}

// The page's policy lets it connect to its server only, so that a data URL is taken apart here.
async function fetchData(url) {
  const text = atob(url.slice(url.indexOf(",") + 1));
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    bytes[i] = text.charCodeAt(i);
  }
  return new Blob([bytes], { type: "image/png" });
}

// Run lengths of a mask by columns, as COCO writes them.
function runs(text) {
  const counts = [];
  for (let p = 0; p < text.length;) {
    let x = 0;
    let more = true;
    for (let k = 0; more; k++, p++) {
      const c = text.charCodeAt(p) - 48;
      x |= (c & 31) << (5 * k);
      more = (c & 32) !== 0;
      if (!more && (c & 16) !== 0) {
        x |= -1 << (5 * (k + 1));
      }
    }
    counts.push(counts.length > 2 ? x + counts[counts.length - 2] : x);
  }
  return counts;
}

// How many of a drawing's rows or columns come before each of a picture's.
function steps(from, to) {
  const before = new Int32Array(from + 1);
  for (let d = 0; d < to; d++) {
    before[Math.floor((d + 0.5) * from / to) + 1]++;
  }
  for (let i = 1; i <= from; i++) {
    before[i] += before[i - 1];
  }
  return before;
}

function paint(segment, into, value) {
  const height = segment.mask.size[0];
  if (!segment.counts) {
    segment.counts = runs(segment.mask.counts);
  }
  const rows = state.rows;
  const columns = state.columns;
  let start = 0;
  segment.counts.forEach((count, i) => {
    const end = start + count;
    if (i % 2 === 1) {
      for (let x = Math.floor(start / height); x * height < end; x++) {
        if (columns[x + 1] === columns[x]) {
          continue;
        }
        const top = rows[Math.max(start - x * height, 0)];
        const bottom = rows[Math.min(end - x * height, height)];
        for (let y = top; y < bottom; y++) {
          into.fill(value, y * state.width + columns[x], y * state.width + columns[x + 1]);
        }
      }
    }
    start = end;
  });
}

// Lays out the picture, and the result if there is one.
function present() {
  const image = state.image;
  at("frame").hidden = !image;
  at("frame-help").hidden = !state.result;
  if (image) {
    const side = Math.max(image.width, image.height);
    const scale = side < SMALL ? Math.ceil(2 * SMALL / side) : Math.min(1, LARGEST / side);
    state.width = Math.max(1, Math.round(image.width * scale));
    state.height = Math.max(1, Math.round(image.height * scale));
    for (const id of ["picture", "overlay"]) {
      at(id).width = state.width;
      at(id).height = state.height;
    }
    const context = at("picture").getContext("2d");
    context.imageSmoothingEnabled = scale < 1;
    context.drawImage(image, 0, 0, state.width, state.height);
    fit();
  }
  if (state.result) {
    state.columns = steps(state.result.width, state.width);
    state.rows = steps(state.result.height, state.height);
  }
  choose();
}

// So large that the picture is seen whole beside what else is there.
function fit() {
  const room = at("stage").clientWidth;
  const tall = Math.max(240, window.innerHeight * 0.74);
  const scale = Math.min(room / state.width, tall / state.height, 1);
  at("picture").style.width = Math.floor(state.width * scale) + "px";
  at("picture").style.height = Math.floor(state.height * scale) + "px";
}

// Which segments are shown: instances or regions, those below the threshold not.
function choose() {
  const result = state.result;
  state.mark = -1;
  // Many models find regions only.
  at("instances").disabled = result !== null && result.segments.length === result.regions.length
    && result.segments.every((segment) => result.regions.some((region) =>
      region.label === segment.label && region.area === segment.area));
  const threshold = state.kind === "segment" ? Number(at("threshold").value) : 0;
  const all = result ? (at("instances").checked ? result.segments : result.regions) : [];
  state.shown = all.filter((segment) =>
    segment.area > 0 && (!at("instances").checked || segment.score >= threshold));
  state.owner = result ? new Int32Array(state.width * state.height) : null;
  for (let i = state.shown.length - 1; i >= 0; i--) {
    paint(state.shown[i], state.owner, i + 1);
  }
  list();
  draw();
}

function share(segment) {
  return (100 * segment.area / (state.result.width * state.result.height)).toFixed(1) + "\u00a0%";
}

function list() {
  const found = at("list");
  found.replaceChildren();
  at("found").hidden = !state.result;
  at("saving").hidden = !state.result;
  if (!state.result) {
    return;
  }
  at("found-title").textContent = state.shown.length === 0
    ? "Nothing found" : "Found: " + state.shown.length;
  state.shown.forEach((segment, i) => {
    const button = document.createElement("button");
    button.type = "button";
    const square = document.createElement("i");
    square.style.background = segment.colour;
    const name = document.createElement("span");
    name.textContent = segment.name;
    const numbers = document.createElement("b");
    numbers.textContent = segment.score.toFixed(2) + " · " + share(segment);
    button.append(square, name, numbers);
    button.setAttribute("aria-label",
      segment.name + ", score " + segment.score.toFixed(2) + ", " + share(segment)
        + " of the picture");
    for (const [event, mark] of
      [["focus", i], ["mouseenter", i], ["blur", -1], ["mouseleave", -1]]) {
      button.addEventListener(event, () => highlight(mark));
    }
    const item = document.createElement("li");
    item.append(button);
    found.append(item);
  });
}

function highlight(mark) {
  if (mark !== state.mark) {
    state.mark = mark;
    draw();
  }
}

function draw() {
  const canvas = at("overlay");
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (!state.owner || state.shown.length === 0) {
    return;
  }
  let owner = state.owner;
  if (state.mark >= 0) {
    // The whole of it, also where others lie over it.
    owner = owner.slice();
    paint(state.shown[state.mark], owner, state.mark + 1);
  }
  const { width, height } = state;
  const opacity = 255 * Number(at("opacity").value) / 100;
  const colours = state.shown.map((segment) => parseInt(segment.colour.slice(1), 16));
  const data = context.createImageData(width, height);
  const thick = Math.max(1, Math.round(Math.max(width, height) / 700));
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const own = owner[i];
      if (own === 0) {
        continue;
      }
      const marked = own - 1 === state.mark;
      const edge = x < thick || owner[i - thick] !== own
        || x + thick >= width || owner[i + thick] !== own
        || y < thick || owner[i - thick * width] !== own
        || y + thick >= height || owner[i + thick * width] !== own;
      let alpha = opacity;
      if (state.mark >= 0) {
        alpha = marked ? Math.max(opacity, 150) : opacity * 0.35;
      }
      if (edge && (opacity > 0 || marked)) {
        alpha = state.mark >= 0 && !marked ? 110 : 255;
      }
      const colour = edge && marked ? 0xffffff : colours[own - 1];
      data.data[4 * i] = colour >> 16;
      data.data[4 * i + 1] = (colour >> 8) & 255;
      data.data[4 * i + 2] = colour & 255;
      data.data[4 * i + 3] = alpha;
    }
  }
  context.putImageData(data, 0, 0);
}

// Tells of the segment at a place, from 0 to 1 each way.
function point(x, y, cross) {
  const tip = at("tip");
  at("cross").hidden = !cross;
  if (!state.owner) {
    tip.hidden = true;
    return;
  }
  const column = Math.min(state.width - 1, Math.max(0, Math.floor(x * state.width)));
  const row = Math.min(state.height - 1, Math.max(0, Math.floor(y * state.height)));
  const own = state.owner[row * state.width + column] - 1;
  highlight(own);
  const segment = state.shown[own];
  const text = segment
    ? segment.name + ", score " + segment.score.toFixed(2) + ", " + share(segment) : "background";
  tip.textContent = text;
  tip.hidden = !segment && !cross;
  const box = at("overlay").getBoundingClientRect();
  const left = x * box.width;
  const top = y * box.height;
  if (cross) {
    at("cross").style.left = left + "px";
    at("cross").style.top = top + "px";
    say(text);
  }
  tip.style.left = Math.max(0, Math.min(left + 14, box.width - tip.offsetWidth)) + "px";
  tip.style.top = (top + 18 + tip.offsetHeight > box.height
    ? Math.max(0, top - tip.offsetHeight - 12) : top + 18) + "px";
}

function leave() {
  at("tip").hidden = true;
  at("cross").hidden = true;
  highlight(-1);
}

async function save() {
  const format = at("format").value;
  const data = form(state.kind);
  data.append("format", format);
  data.append("instances", String(at("instances").checked));
  at("save").disabled = true;
  complain("");
  try {
    const answer = await fetch(state.kind, { method: "POST", body: data, headers: headers() });
    if (!answer.ok) {
      complain(await reason(answer));
      return;
    }
    const named = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") || "");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = named ? named[1] : "masks.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    const notes = answer.headers.get("Zeroseg-Notes");
    say("Saved " + link.download + (notes ? " (" + notes + ")" : "") + ".");
  } catch (e) {
    complain("The server cannot be reached.");
  } finally {
    at("save").disabled = false;
  }
}

at("file").addEventListener("change", (event) => {
  take(event.target.files[0]);
  event.target.value = "";
});
for (const [event, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
  document.addEventListener(event, (happened) => {
    happened.preventDefault();
    at("drop").classList.toggle("over", over);
    if (event === "drop") {
      take([...happened.dataTransfer.files][0]);
    }
  });
}
document.addEventListener("paste", (event) => {
  const picture = [...event.clipboardData.files][0];
  if (picture) {
    event.preventDefault();
    take(picture);
  }
});
at("panel").addEventListener("submit", (event) => {
  event.preventDefault();
  ask("segment");
});
at("words").addEventListener("input", rename);
at("words").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    ask("segment");
  }
});
at("salient").addEventListener("click", () => ask("saliency"));
at("threshold").addEventListener("input", () => {
  const value = Number(at("threshold").value);
  at("threshold-value").textContent = value === 0 ? "off" : value.toFixed(2);
  choose();
});
at("threshold").addEventListener("change", () => {
  if (state.result && state.kind === "segment") {
    ask("segment");
  }
});
at("opacity").addEventListener("input", () => {
  at("opacity-value").textContent = at("opacity").value + " %";
  draw();
});
at("instances").addEventListener("change", choose);
at("save").addEventListener("click", save);
at("token").addEventListener("change", learn);
at("overlay").addEventListener("pointermove", (event) => {
  const box = at("overlay").getBoundingClientRect();
  point((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height, false);
});
at("overlay").addEventListener("pointerleave", leave);
at("frame").addEventListener("blur", leave);
at("frame").addEventListener("keydown", (event) => {
  const step = event.shiftKey ? 0.1 : 0.02;
  const way = {
    ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step],
  }[event.key];
  if (way && state.result) {
    event.preventDefault();
    state.x = Math.min(1, Math.max(0, state.x + way[0]));
    state.y = Math.min(1, Math.max(0, state.y + way[1]));
    point(state.x, state.y, true);
  } else if (event.key === "Escape") {
    leave();
  }
});
window.addEventListener("resize", () => {
  if (state.image) {
    fit();
  }
});
learn();
