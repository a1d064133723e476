// How the map looks: colours of the page's palette, and a second mark beside each colour.
import { polygon } from "./map_box.js";

const TILE = 16;
// Colour, dashes and hatch of each mark, the least important first; as in the legend.
const MARKS = {
  gap: { colour: "--gap", dash: [1, 1.5], hatch: "dots" },
  left_out: { colour: "--gap", dash: [1, 1.5], hatch: "dots" },
  other: { colour: "--soft", dash: [4, 1], hatch: null },
  train: { colour: "--train", dash: null, hatch: "slanted" },
  kept: { colour: "--train", dash: null, hatch: "slanted" },
  val: { colour: "--val", dash: [5, 2], hatch: "level" },
  test: { colour: "--test", dash: [3, 1, 1, 1], hatch: "crossed" },
};

const palette = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export function style(state, box) {
  const tiles = (layer) => {
    const about = new URLSearchParams({ by: state.by, run: state.run });
    if (state.selection) about.set("selection", state.selection);
    return [`${location.origin}/map/tiles/${layer}/{z}/{x}/{y}.mvt?${about}`];
  };
  return {
    version: 8,
    sources: {
      scenes: { type: "vector", tiles: tiles("scenes"), maxzoom: 16 },
      objects: { type: "vector", tiles: tiles("objects"), minzoom: 11, maxzoom: 16 },
      lines: { type: "geojson", data: polygon(null) },
      drawn: { type: "geojson", data: polygon(box) },
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": palette("--card") } },
      line("lines", "lines", "--rule", 1),
      ...objects(),
      ...Object.entries(MARKS).flatMap(([mark, look]) => boxes(mark, look)),
      cells(),
      {
        id: "drawn-fill", type: "fill", source: "drawn",
        paint: { "fill-color": palette("--ink"), "fill-opacity": 0.08 },
      },
      line("drawn", "drawn", "--paper", 5),
      line("drawn-line", "drawn", "--ink", 2.5, [3, 2]),
    ],
  };
}

// The hatch that a layer asks for by name.
export function hatch(name) {
  const look = MARKS[name];
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = TILE;
  const pen = canvas.getContext("2d");
  pen.strokeStyle = pen.fillStyle = palette(look.colour);
  pen.globalAlpha = 0.75;
  pen.lineWidth = 2;
  const stroke = (...points) => {
    pen.beginPath();
    points.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.stroke();
  };
  // Once more beside the tile, so that its edges meet.
  for (const shift of [-TILE, 0, TILE]) {
    if (look.hatch !== "level" && look.hatch !== "dots")
      stroke([shift, TILE], [shift + TILE, 0]);
    if (look.hatch === "crossed") stroke([shift, 0], [shift + TILE, TILE]);
  }
  if (look.hatch === "level") stroke([0, TILE / 2], [TILE, TILE / 2]);
  if (look.hatch === "dots") pen.fillRect(TILE / 2 - 1.5, TILE / 2 - 1.5, 3, 3);
  return pen.getImageData(0, 0, TILE, TILE);
}

function boxes(mark, look) {
  const of = { source: "scenes", "source-layer": "boxes", filter: ["==", ["get", "mark"], mark] };
  const fill = {
    ...of, id: `fill-${mark}`, type: "fill",
    paint: look.hatch ? { "fill-pattern": mark, "fill-opacity": 0.4 } : { "fill-opacity": 0 },
  };
  // Where many boxes lie on one another, thin lines leave the ground visible.
  const near = (far, close) => ["interpolate", ["linear"], ["zoom"], 13, far, 16, close];
  const paint = {
    "line-color": palette(look.colour), "line-width": near(0.5, 1.6), "line-opacity": near(0.5, 0.9),
  };
  if (look.dash) paint["line-dasharray"] = look.dash;
  return [fill, { ...of, id: `line-${mark}`, type: "line", paint }];
}

function cells() {
  const colours = Object.entries(MARKS).flatMap(([mark, look]) => [mark, palette(look.colour)]);
  return {
    id: "cells", type: "circle", source: "scenes", "source-layer": "cells",
    layout: { "circle-sort-key": ["-", 0, ["get", "n"]] },
    paint: {
      "circle-color": ["match", ["get", "mark"], ...colours, palette("--soft")],
      "circle-opacity": 0.7,
      "circle-stroke-color": palette("--card"),
      "circle-stroke-width": 1,
      "circle-radius": ["interpolate", ["linear"], ["log10", ["get", "n"]], 0, 5, 3, 11, 6, 18],
    },
  };
}

function objects() {
  const of = { source: "objects", "source-layer": "objects" };
  const colour = palette("--soft");
  return [
    {
      ...of, id: "areas", type: "fill", filter: ["==", ["get", "kind"], "area"],
      paint: { "fill-color": colour, "fill-opacity": 0.07 },
    },
    {
      ...of, id: "edges", type: "line", filter: ["!=", ["get", "kind"], "point"],
      paint: { "line-color": colour, "line-width": 1, "line-opacity": 0.7 },
    },
    {
      ...of, id: "points", type: "circle", filter: ["==", ["get", "kind"], "point"],
      paint: { "circle-color": colour, "circle-radius": 2.5 },
    },
  ];
}

function line(id, source, colour, width, dash) {
  const paint = { "line-color": palette(colour), "line-width": width };
  if (dash) paint["line-dasharray"] = dash;
  return { id, type: "line", source, paint };
}
