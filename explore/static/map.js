// The map's page: the map itself, the box on it, and what is said beside it.
import { boxFrom, boxOf, corners, drawBox, polygon, written } from "./map_box.js";
import { drawGrid } from "./map_grid.js";
import { ask, tellBox, tellPlace, tellSight } from "./map_panel.js";
import { hatch, style } from "./map_style.js";

const MOST_TOLD = 5;
const place = document.getElementById("map");
const state = JSON.parse(place.dataset.state);
const inputs = ["west", "south", "east", "north"].map((side) => document.getElementById(side));
const drawButton = document.getElementById("draw");
const takeButton = document.getElementById("take");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let box = state.bbox;
let map = null;
let counting = null;
let looking = null;
let stopDrawing = null;

function start() {
  const shown = box && !state.view ? box : state.view;
  const [[west, south], [east, north]] = shown
    ? corners(shown)
    : [state.extent.slice(0, 2), state.extent.slice(2)];
  map = new maplibregl.Map({
    container: place,
    style: style(state, box),
    bounds: [west, south, east, north],
    fitBoundsOptions: { padding: state.view ? 0 : 40, maxZoom: 17 },
    attributionControl: {
      compact: false,
      customAttribution:
        '<a href="https://www.openstreetmap.org/copyright" rel="noreferrer">© OpenStreetMap contributors</a>',
    },
    dragRotate: false,
    pitchWithRotate: false,
    maxPitch: 0,
    maxZoom: 20,
    fadeDuration: 0,
    locale: { "Map.Title": "Map of scenes and objects. Arrow keys move it, plus and minus zoom, Enter tells what is in its middle" },
  });
  map.touchZoomRotate.disableRotation();
  map.boxZoom.disable();
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }));
  map.addControl(new maplibregl.ScaleControl(), "bottom-left");
  map.on("styleimagemissing", ({ id }) => map.addImage(id, hatch(id), { pixelRatio: 2 }));
  const labels = document.createElement("div");
  labels.className = "degrees";
  labels.setAttribute("aria-hidden", "true");
  place.append(labels);
  for (const event of ["styledata", "move"]) map.on(event, () => drawGrid(map, labels));
  map.on("load", looked);
  map.on("moveend", looked);
  map.on("click", ({ point }) => stopDrawing || tell(point));
  map.on("mousemove", ({ point }) => {
    map.getCanvas().style.cursor = under(point).length && !stopDrawing ? "pointer" : "";
  });
  map.getCanvas().addEventListener("keydown", (event) => {
    if (event.key === "Enter") tell(map.project(map.getCenter()));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
  document.getElementById("objects")?.addEventListener("change", showObjects);
  map.on("styledata", showObjects);
  for (const button of [drawButton, takeButton]) button.hidden = false;
  drawButton.addEventListener("click", () => (stopDrawing ? stopDrawing() : draw()));
  takeButton.addEventListener("click", () => setBox(view()));
}

function recolour() {
  for (const id of map.listImages()) map.removeImage(id);
  map.setStyle(style(state, box), { diff: false });
}

function showObjects() {
  const shown = document.getElementById("objects")?.checked ?? true;
  for (const layer of ["areas", "edges", "points"]) {
    const is = map.getLayoutProperty(layer, "visibility") !== "none";
    if (is !== shown) map.setLayoutProperty(layer, "visibility", shown ? "visible" : "none");
  }
}

const under = (point) => {
  const near = [[point.x - 4, point.y - 4], [point.x + 4, point.y + 4]];
  const there = (id) => id === "cells" || id.startsWith("fill-") || ["areas", "edges", "points"].includes(id);
  const layers = map.getStyle().layers.map((layer) => layer.id).filter(there);
  return map.queryRenderedFeatures(near, { layers });
};

async function tell(point) {
  const found = under(point);
  const cell = found.find((one) => one.layer.id === "cells");
  if (cell) {
    const duration = calm.matches ? 0 : 500;
    map.easeTo({ center: cell.geometry.coordinates, zoom: map.getZoom() + 2.5, duration });
    return;
  }
  const ids = (name) => [...new Set(found.map((one) => one.properties[name]).filter(Boolean))];
  const [scenes, objects] = [ids("scene_id"), ids("object_id")];
  const [told, things] = [scenes.slice(0, MOST_TOLD), objects.slice(0, scenes.length ? 2 : MOST_TOLD)];
  try {
    await tellPlace(told, things, scenes.length + objects.length);
  } catch (error) {
    say(`This place could not be told of (${error.message}).`);
  }
}

function draw() {
  drawButton.setAttribute("aria-pressed", "true");
  say("Drag over the map from corner to corner. Escape gives up.");
  const before = box;
  stopDrawing = drawBox(map, show, (drawn) => {
    drawButton.setAttribute("aria-pressed", "false");
    say("");
    if (drawn) setBox(drawn);
    else show(before);
    // The click that ends the drag comes after it.
    setTimeout(() => (stopDrawing = null));
  });
}

function show(shown) {
  map?.getSource("drawn")?.setData(polygon(shown));
  inputs.forEach((input, i) => (input.value = shown ? shown[i] : ""));
}

async function setBox(next) {
  box = next;
  show(box);
  document.getElementById("clear").hidden = !box;
  remember();
  counting?.abort();
  if (!box) return tellBox(null);
  counting = new AbortController();
  try {
    const inside = await ask(`/map/box?bbox=${written(box)}`, counting.signal);
    tellBox(inside, written(box), state.filters);
    if (!map) tellSight(inside, "In the box");
  } catch (error) {
    if (error.name !== "AbortError") say(`The box could not be counted (${error.message}).`);
  }
}

const view = () => {
  const bounds = map.getBounds();
  return boxOf(bounds.getSouthWest(), bounds.getNorthEast());
};

async function looked() {
  remember();
  looking?.abort();
  looking = new AbortController();
  try {
    tellSight(await ask(`/map/box?bbox=${written(view())}`, looking.signal), "In view");
  } catch (error) {
    if (error.name !== "AbortError") say(`The view could not be counted (${error.message}).`);
  }
}

// The address says all that the page shows; the forms pass it on.
function remember() {
  const told = new URLSearchParams({ ...state.filters, by: state.by });
  if (state.by === "kept" && state.selection) told.set("selection", state.selection);
  if (box) told.set("bbox", written(box));
  if (map) told.set("view", written(view().map((side) => Number(side.toFixed(5)))));
  history.replaceState(null, "", `/map?${told}`.replaceAll("%2C", ","));
  const colours = document.getElementById("colours");
  for (const name of ["bbox", "view"]) {
    const field = colours.elements.namedItem(name) ?? colours.appendChild(document.createElement("input"));
    Object.assign(field, { type: "hidden", name, value: told.get(name) ?? "" });
  }
}

function say(text) {
  document.getElementById("say").textContent = text;
}

document.getElementById("sides").addEventListener("submit", (event) => {
  event.preventDefault();
  const asked = boxFrom(inputs.map((input) => input.value));
  if (!asked) return say("A box needs four numbers, and its south below its north.");
  say("");
  setBox(asked);
  map?.fitBounds(corners(asked), { padding: 40, maxZoom: 17, animate: !calm.matches });
});
for (const input of inputs)
  input.addEventListener("change", () => {
    const asked = boxFrom(inputs.map((one) => one.value));
    if (asked) setBox(asked);
  });
document.getElementById("clear").addEventListener("click", (event) => {
  event.preventDefault();
  setBox(null);
});

try {
  start();
} catch {
  map = null;
  place.hidden = true;
  for (const id of ["colours", "legend"]) document.getElementById(id).hidden = true;
  document.getElementById("objects")?.parentElement.remove();
  document.getElementById("off").textContent =
    "This browser draws no map (it has no WebGL). A box can still be given by its sides.";
  if (box) setBox(box);
}
