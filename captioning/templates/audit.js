"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
const kept = `skyloom-audit-${data.sample}`;
// Grades by place, and the places in the order in which they were graded.
let state = { auditor: "", here: 0, grades: {}, history: [] };

try {
  state = { ...state, ...JSON.parse(localStorage.getItem(kept) || "{}") };
} catch {
  at("done").textContent = "This browser keeps no grades: download them before you leave.";
}

function keep() {
  try {
    localStorage.setItem(kept, JSON.stringify(state));
  } catch {
    at("done").textContent = "This browser keeps no grades: download them before you leave.";
  }
}

function show() {
  const unit = data.units[state.here];
  const n = data.units.length;
  const graded = Object.keys(state.grades).length;
  at("count").textContent = `${graded} of ${n} graded`;
  at("bar").setAttribute("aria-valuenow", graded);
  at("bar").firstElementChild.style.width = n ? `${(100 * graded) / n}%` : "0";
  if (!unit) return;
  at("words").textContent = unit.words;
  at("tag").textContent = `${unit.key}=${unit.value}`;
  at("about").textContent =
    `${state.here + 1} of ${n}: ${unit.role === "focus" ? "the focus object" : "a surrounding object"}, ` +
    `${unit.image_id}${unit.drawn ? ", drawn, not photographed" : ""}`;
  at("caption").textContent = unit.caption;
  at("attribution").textContent = unit.attribution ? `Image: ${unit.attribution}.` : "";
  at("chip").setAttribute("viewBox", `0 0 ${unit.width} ${unit.height}`);
  const pixels = at("pixels");
  pixels.setAttribute("href", data.chips[unit.chip]);
  pixels.setAttribute("width", unit.width);
  pixels.setAttribute("height", unit.height);
  for (const path of at("chip").querySelectorAll("path")) path.setAttribute("d", unit.outline);
  for (const button of document.querySelectorAll("[data-grade]"))
    button.classList.toggle("given", button.dataset.grade === state.grades[state.here]);
  at("done").textContent = graded === n ? "All graded. Download the file." : "";
}

function go(place) {
  state.here = Math.max(0, Math.min(data.units.length - 1, place));
  keep();
  show();
}

// On to the next without a grade, from here to the end and then from the start.
function onward() {
  const n = data.units.length;
  for (let step = 1; step <= n; step += 1) {
    const place = (state.here + step) % n;
    if (!(place in state.grades)) return go(place);
  }
  return go(state.here);
}

function grade(word) {
  if (!data.units.length) return;
  state.history = state.history.filter((place) => place !== state.here);
  state.history.push(state.here);
  state.grades[state.here] = word;
  onward();
}

function undo() {
  const place = state.history.pop();
  if (place === undefined) return;
  delete state.grades[place];
  go(place);
}

const columns = ["image_id", "key", "value", "rule_id", "source", "stratum", "n_stratum"];

// Pairs without a grade go along: the report knows every stratum by them.
function rows() {
  return data.units.map((unit, place) => ({
    ...Object.fromEntries(columns.map((name) => [name, unit[name]])),
    grade: state.grades[place] || "",
  }));
}

function cell(value) {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function asJson() {
  return JSON.stringify({ sample: data.sample, auditor: state.auditor.trim(), grades: rows() }, null, 1);
}

function asCsv() {
  const names = ["sample", "auditor", ...columns, "grade"];
  const about = { sample: data.sample, auditor: state.auditor.trim() };
  const lines = rows().map((row) => names.map((name) => cell(({ ...about, ...row })[name])).join(","));
  return `${[names.join(","), ...lines].join("\n")}\n`;
}

function download(text, kind) {
  if (!state.auditor.trim()) {
    at("done").textContent = "Say first who is grading.";
    at("auditor").focus();
    return;
  }
  const link = document.createElement("a");
  const name = state.auditor.trim().replace(/[^\p{L}\p{N}]+/gu, "-");
  link.href = URL.createObjectURL(new Blob([text], { type: kind }));
  link.download = `audit-${data.sample}-${name}.${kind === "text/csv" ? "csv" : "json"}`;
  link.click();
  URL.revokeObjectURL(link.href);
}

document.addEventListener("keydown", (event) => {
  if (event.target === at("auditor") || event.ctrlKey || event.metaKey || event.altKey) return;
  const number = Number(event.key);
  if (number >= 1 && number <= data.grades.length) grade(data.grades[number - 1]);
  else if (event.key === "ArrowLeft") go(state.here - 1);
  else if (event.key === "ArrowRight") go(state.here + 1);
  else if (event.key === "u" || event.key === "Backspace") undo();
  else if (event.key === "o") document.body.classList.toggle("no-outline");
  else return;
  event.preventDefault();
});
for (const button of document.querySelectorAll("[data-grade]"))
  button.addEventListener("click", () => grade(button.dataset.grade));
at("back").addEventListener("click", () => go(state.here - 1));
at("next").addEventListener("click", () => go(state.here + 1));
at("undo").addEventListener("click", undo);
at("outline").addEventListener("click", () => document.body.classList.toggle("no-outline"));
at("json").addEventListener("click", () => download(asJson(), "application/json"));
at("csv").addEventListener("click", () => download(asCsv(), "text/csv"));
at("auditor").value = state.auditor;
at("auditor").addEventListener("input", () => {
  state.auditor = at("auditor").value;
  keep();
});
show();
