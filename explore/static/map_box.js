// Boxes in degrees: [west, south, east, north], west > east over the antimeridian.

const MOST = [180, 90, 180, 90];

export const wrap = (lng) => ((((lng + 180) % 360) + 360) % 360) - 180;

const tidy = (number) => Math.round(number * 1e7) / 1e7 + 0;

// Of two corners as the map gives them, where longitudes run on beyond 180.
export function boxOf(a, b) {
  const [west, east] = a.lng < b.lng ? [a.lng, b.lng] : [b.lng, a.lng];
  const [south, north] = a.lat < b.lat ? [a.lat, b.lat] : [b.lat, a.lat];
  const sides = [Math.max(south, -90), Math.min(north, 90)].map(tidy);
  if (east - west >= 360) return [-180, sides[0], 180, sides[1]];
  const last = wrap(east);
  return [tidy(wrap(west)), sides[0], tidy(last === -180 ? 180 : last), sides[1]];
}

// The box that four texts say, or null.
export function boxFrom(texts) {
  const box = texts.map((text) => (text.trim() === "" ? NaN : Number(text)));
  const fits = box.every((side, i) => Math.abs(side) <= MOST[i]);
  return fits && box[1] <= box[3] ? box : null;
}

export const written = (box) => box.join(",");

// Corners for the map, east of west.
export const corners = ([west, south, east, north]) => [
  [west, south],
  [east < west ? east + 360 : east, north],
];

export function polygon(box) {
  if (!box) return { type: "FeatureCollection", features: [] };
  const [[west, south], [east, north]] = corners(box);
  const ring = [[west, south], [east, south], [east, north], [west, north], [west, south]];
  return { type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [ring] } };
}

// Let the next drag on the map give a box; `done` gets it, or null where it was given up.
export function drawBox(map, shown, done) {
  const canvas = map.getCanvasContainer();
  const moves = [map.dragPan, map.touchZoomRotate, map.dragRotate, map.doubleClickZoom];
  let from = null;
  const place = (event) => {
    const frame = canvas.getBoundingClientRect();
    return map.unproject([event.clientX - frame.left, event.clientY - frame.top]);
  };
  const down = (event) => {
    if (from || event.button) return;
    event.preventDefault();
    from = { id: event.pointerId, place: place(event), x: event.clientX, y: event.clientY };
    canvas.setPointerCapture(event.pointerId);
  };
  const move = (event) => {
    if (from?.id === event.pointerId) shown(boxOf(from.place, place(event)));
  };
  const up = (event) => {
    if (from?.id !== event.pointerId) return;
    const far = Math.hypot(event.clientX - from.x, event.clientY - from.y) > 3;
    stop(far && event.type === "pointerup" ? boxOf(from.place, place(event)) : null);
  };
  const escape = (event) => event.key === "Escape" && stop(null);
  const events = [
    [canvas, "pointerdown", down],
    [canvas, "pointermove", move],
    [canvas, "pointerup", up],
    [canvas, "pointercancel", up],
    [document, "keydown", escape],
  ];
  function stop(box) {
    for (const [target, name, heard] of events) target.removeEventListener(name, heard);
    for (const one of moves) one.enable();
    canvas.classList.remove("drawing");
    done(box);
  }
  for (const one of moves) one.disable();
  for (const [target, name, heard] of events) target.addEventListener(name, heard);
  canvas.classList.add("drawing");
  return () => stop(null);
}
