// What the map tells beside itself. Texts of the catalog go in as text only.

export const counted = (n, what) => `${n.toLocaleString("en")} ${what}${n === 1 ? "" : "s"}`;

export function made(name, attributes = {}, ...inside) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...inside.filter((one) => one !== null && one !== ""));
  return element;
}

export async function ask(address, signal) {
  const answer = await fetch(address, { signal });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}

export function tellSight(inside, where) {
  const body = document.querySelector("#sight tbody");
  document.getElementById("sight-title").textContent = where;
  body.replaceChildren(
    ...inside.parts.map((part) =>
      made(
        "tr", {}, made("td", {}, part.source), made("td", {}, part.split),
        made("td", { class: "num" }, part.n.toLocaleString("en")),
      ),
    ),
  );
  document.getElementById("sight-total").textContent = counted(inside.scenes, "scene");
}

export function tellBox(inside, box, filters) {
  const place = document.getElementById("inside");
  if (!inside) return place.replaceChildren();
  const asked = new URLSearchParams({ ...filters, bbox: box });
  place.replaceChildren(
    made("p", {}, made("a", { class: "button go", href: `/?${asked}` },
      `Show ${counted(inside.images, "image")} in the gallery`)),
  );
}

// Scenes and objects under one place, by their ids; `n` is how many there are in all.
export async function tellPlace(scenes, objects, n) {
  const panel = document.getElementById("told");
  const title = document.getElementById("told-title");
  const told = await Promise.all([
    ...scenes.map((id) => ask(`/map/scenes/${encodeURIComponent(id)}`).then(scene)),
    ...objects.map((id) => ask(`/map/objects/${encodeURIComponent(id)}`).then(thing)),
  ]);
  title.textContent = told.length ? "Here" : "Nothing here";
  const more = n - told.length;
  document.getElementById("told-body").replaceChildren(
    ...told, ...(more > 0 ? [made("p", { class: "note" }, `and ${more} more`)] : []),
  );
  panel.hidden = false;
}

function scene(one) {
  const words = one.title_multi_objects || one.title || one.scene_id;
  const about = [one.source, one.split, one.gsd_m && `${one.gsd_m} m per pixel`];
  const links = one.images.map((id) =>
    made("a", { href: `/image/${encodeURIComponent(id)}` }, id));
  const chip = one.images.length
    ? made("a", { href: `/image/${encodeURIComponent(one.images[0])}`, class: "thumb" },
        made("img", { src: `/chips/${encodeURIComponent(one.images[0])}.jpg`, alt: words,
          width: 96, height: 96 }))
    : made("p", { class: "note" }, "No image yet.");
  const lines = links.flatMap((link) => [link, made("br")]);
  return made(
    "article", { class: "here" }, chip,
    made("div", {}, made("p", {}, words),
      made("p", { class: "facts" }, ...lines, about.filter(Boolean).join(" · "))),
  );
}

function thing(one) {
  const tags = one.tags.map(({ key, value }) => made("li", {}, `${key}=${value}`));
  const address = `https://www.openstreetmap.org/${one.osm}`;
  const link = one.osm
    ? made("p", { class: "facts" },
        made("a", { href: address, rel: "noreferrer" }, "on OpenStreetMap"), " · ",
        made("a", { href: `${address}/history`, rel: "noreferrer" }, "its history"))
    : "";
  return made(
    "article", { class: "here" },
    made("div", {}, made("p", {}, made("b", {}, one.object_id), ` ${one.kind}`),
      made("ul", { class: "taglist" }, ...tags), link),
  );
}
