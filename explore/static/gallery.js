// The gallery works without this module; with it come keys, the example image, and
// an address without empty parameters.

const LARGEST = 20_000_000;
const form = document.getElementById("filters");
const outlines = document.getElementById("outlines");
const said = document.getElementById("said");

function say(text) {
  said.textContent = text;
}

// Outlines: the address says it, else what was last chosen here.
function showOutlines() {
  if (!outlines) return;
  try {
    if (!("asked" in outlines.dataset) && localStorage.getItem("outlines") === "off") {
      outlines.checked = false;
      keepOutlines();
    }
  } catch {
    // A browser that keeps nothing: the address does.
  }
  outlines.addEventListener("change", () => {
    try {
      localStorage.setItem("outlines", outlines.checked ? "on" : "off");
    } catch {
      // As above.
    }
    keepOutlines();
  });
}

function keepOutlines() {
  const change = (address) => {
    const url = new URL(address, location.href);
    if (outlines.checked) url.searchParams.delete("outlines");
    else url.searchParams.set("outlines", "off");
    return url.pathname + url.search + url.hash;
  };
  history.replaceState(null, "", change(location.href));
  for (const link of document.querySelectorAll("main a[href^='/?'], main a[href='/']"))
    link.setAttribute("href", change(link.href));
  let field = form.elements.namedItem("outlines");
  if (!field) {
    field = document.createElement("input");
    field.type = "hidden";
    field.name = "outlines";
    form.append(field);
  }
  field.value = outlines.checked ? "" : "off";
}

// Only what is filled in goes into the address.
form.addEventListener("formdata", (event) => {
  for (const [name, value] of [...event.formData])
    if (typeof value !== "string" || !value.trim()) event.formData.delete(name);
  // Other words take the place of an example.
  if (event.formData.has("like")) event.formData.delete("like_image");
});

// On a narrow window the pills say what is on; the fields would push the chips away.
if (matchMedia("(max-width: 40rem)").matches) form.querySelector("details").open = false;

const example = document.getElementById("example");
example.closest("label").hidden = false;
example.addEventListener("change", async () => {
  const [file] = example.files;
  if (!file) return;
  if (file.size > LARGEST) {
    say("The image is larger than 20 MB.");
    return;
  }
  say("Looking at the image …");
  try {
    const answer = await fetch("/like", {
      method: "POST",
      body: file,
      headers: { "content-type": file.type || "application/octet-stream" },
    });
    const found = await answer.json();
    if (!answer.ok) {
      say(`Not searched by this image: ${found.said}.`);
      return;
    }
    const url = new URL(location.href);
    for (const name of ["like", "after", "before"]) url.searchParams.delete(name);
    url.searchParams.set("like_image", found.like_image);
    location.assign(url);
  } catch {
    say("Not searched by this image: the explorer did not answer.");
  }
});

// A chip whose file is not there says so.
function gone(image) {
  if (image.parentElement.querySelector(".gone")) return;
  const text = document.createElement("span");
  text.className = "gone";
  text.textContent = "The chip is not in the lake.";
  image.parentElement.append(text);
}

for (const image of document.querySelectorAll("#chips img")) {
  image.addEventListener("error", () => gone(image));
  if (image.complete && image.naturalWidth === 0) gone(image);
}

// J and K or arrows move between chips, N and P between pages.
function chips() {
  return [...document.querySelectorAll("#chips a.frame")];
}

function step(by) {
  const all = chips();
  if (!all.length) return;
  const card = document.activeElement?.closest(".chip");
  const here = card ? all.indexOf(card.querySelector("a.frame")) : -1;
  const there = here < 0 ? (by > 0 ? 0 : all.length - 1) : here + by;
  const next = all[Math.min(Math.max(there, 0), all.length - 1)];
  next.focus();
  next.closest(".chip").scrollIntoView({ block: "nearest" });
}

function across() {
  const all = chips();
  const top = all[0]?.getBoundingClientRect().top;
  return Math.max(all.filter((one) => one.getBoundingClientRect().top === top).length, 1);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea, summary, button")) return;
  const onChip = event.target.closest("a.frame");
  const moves = { j: () => step(1), k: () => step(-1) };
  // Arrows scroll the page unless a chip has the focus.
  if (onChip)
    Object.assign(moves, {
      ArrowRight: () => step(1),
      ArrowLeft: () => step(-1),
      ArrowDown: () => step(across()),
      ArrowUp: () => step(-across()),
    });
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key === "n" || key === "p") {
    document.querySelector(`a[rel=${key === "n" ? "next" : "prev"}]`)?.click();
  } else if (moves[key]) {
    event.preventDefault();
    moves[key]();
  }
});

showOutlines();
