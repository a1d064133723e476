// Moves the cut through the histogram and asks the server what it would lose.
const form = document.getElementById("cutform");
const plot = document.getElementById("similarities");
const number = document.getElementById("cut");
const slide = document.getElementById("slide");
const low = Number(plot.dataset.low);
const high = Number(plot.dataset.high);
const whole = new Intl.NumberFormat("en-US");
let asked = 0;
let waiting = 0;

slide.hidden = false;
slide.value = number.value;
slide.addEventListener("input", () => {
  number.value = String(Number(Number(slide.value).toFixed(6)));
  move();
});
number.addEventListener("input", () => {
  slide.value = number.value;
  move();
});

function move() {
  const cut = Number(number.value);
  if (number.value === "" || !Number.isFinite(cut)) return;
  const place = (100 * (Math.min(Math.max(cut, low), high) - low)) / (high - low);
  const line = document.getElementById("cutline");
  line.setAttribute("x1", place);
  line.setAttribute("x2", place);
  document.querySelector("#lost rect").setAttribute("width", place);
  const kept = document.querySelector("#kept rect");
  kept.setAttribute("x", place);
  kept.setAttribute("width", 100 - place);
  document.getElementById("cutsaid").textContent = number.value;
  clearTimeout(waiting);
  waiting = setTimeout(ask, 80);
}

async function ask() {
  const turn = ++asked;
  const query = new URLSearchParams(new FormData(form));
  const answer = await fetch(`/quality/cut?${query}`);
  // An answer that comes late must not overwrite a later one.
  if (!answer.ok || turn !== asked) return;
  const found = await answer.json();
  if (turn !== asked) return;
  history.replaceState(null, "", `/quality?${query}`);
  show(found);
}

function share(part, of) {
  return of ? `${((100 * part) / of).toFixed(1)} %` : "–";
}

function show(found) {
  found.totals.forEach((one, at) => {
    const cell = document.querySelector(`[data-total="${at}"]`);
    cell.querySelector(".share").textContent = share(one.n_lost, one.n);
    cell.querySelector(".of").textContent = `${whole.format(one.n_lost)} of ${whole.format(one.n)}`;
  });
  const rows = document.getElementById("parts").rows;
  found.parts.forEach((one, at) => {
    rows[at].querySelector(".lost").textContent = whole.format(one.n_lost);
    rows[at].querySelector(".share").textContent = share(one.n_lost, one.n);
  });
  document.getElementById("gone").replaceChildren(
    ...(found.lost_tags.length ? found.lost_tags.map(tag) : [none("li")]),
  );
  for (const side of ["below", "above"]) {
    document.getElementById(side).replaceChildren(
      ...(found[side].length ? found[side].map(chip) : [none("p")]),
    );
  }
  const [pairs] = found.totals;
  document.getElementById("told").textContent =
    `${share(pairs.n_lost, pairs.n)} of the pairs are below ${found.cut}`;
}

function none(kind) {
  const said = document.createElement(kind);
  said.className = "none";
  said.textContent = "None.";
  return said;
}

function tag(one) {
  const line = document.createElement("li");
  const link = document.createElement("a");
  const count = document.createElement("b");
  link.href = `/?${new URLSearchParams({ key: one.key, value: one.value })}`;
  link.textContent = `${one.key}=${one.value}`;
  count.textContent = whole.format(one.n);
  line.append(link, " ", count);
  return line;
}

function chip(one) {
  const card = document.getElementById("chip").content.cloneNode(true);
  const id = encodeURIComponent(one.image_id);
  card.querySelector("a").href = `/image/${id}`;
  const image = card.querySelector("img");
  image.src = `/chips/${id}.jpg`;
  image.alt = one.title_multi_objects || one.title || one.image_id;
  card.querySelector(".value").textContent = one.similarity.toFixed(4);
  card.querySelector(".drawn").hidden = !one.drawn;
  card.querySelector(".words").textContent = one.title || "no title";
  card.querySelector(".where").textContent = [one.source, one.split].filter(Boolean).join(" · ");
  return card;
}
