// An object under the pointer or the focus lights up wherever the page names it.
const named = document.querySelectorAll("[data-object]");
const buttons = document.querySelectorAll("button.pick");
let pinned = null;

function light(id) {
  for (const one of named) one.classList.toggle("lit", id !== null && one.dataset.object === id);
}

const of = (event) => event.target.closest?.("[data-object]")?.dataset.object ?? null;

for (const event of ["mouseover", "focusin"])
  document.addEventListener(event, (heard) => light(of(heard) ?? pinned));

for (const button of buttons) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const { object } = button.dataset;
    pinned = pinned === object ? null : object;
    for (const one of buttons)
      one.setAttribute("aria-pressed", String(one.dataset.object === pinned));
    light(pinned);
  });
}
