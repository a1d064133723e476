// Meridians and parallels with their degrees: the map has no other ground.

const STEPS = [60, 30, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005];
const LEAST_PX = 130;

export function drawGrid(map, labels) {
  const bounds = map.getBounds();
  const [west, east] = [bounds.getWest(), bounds.getEast()];
  const [south, north] = [Math.max(bounds.getSouth(), -85), Math.min(bounds.getNorth(), 85)];
  const width = map.getCanvas().clientWidth;
  const most = ((east - west) / width) * LEAST_PX;
  const step = STEPS.findLast((one) => one >= most) ?? STEPS[0];
  const places = Math.max(0, Math.ceil(-Math.log10(step)));
  const lines = [];
  const marks = [];
  for (let i = Math.ceil(west / step); i * step <= east; i++) {
    const lng = i * step;
    lines.push([[lng, south], [lng, north]]);
    const turned = ((((lng + 180) % 360) + 360) % 360) - 180;
    const text = degrees(turned, places, "E", "W");
    marks.push({ text, left: map.project([lng, south]).x, bottom: 2 });
  }
  for (let i = Math.ceil(south / step); i * step <= north; i++) {
    const lat = i * step;
    lines.push([[west, lat], [east, lat]]);
    marks.push({ text: degrees(lat, places, "N", "S"), left: 4, top: map.project([west, lat]).y });
  }
  map.getSource("lines")?.setData({
    type: "Feature",
    properties: {},
    geometry: { type: "MultiLineString", coordinates: lines },
  });
  labels.replaceChildren(
    ...marks.map(({ text, left, top, bottom }) => {
      const mark = document.createElement("span");
      mark.textContent = text;
      mark.style.left = `${left}px`;
      if (top === undefined) mark.style.bottom = `${bottom}px`;
      else mark.style.top = `${top}px`;
      return mark;
    }),
  );
}

function degrees(value, places, positive, negative) {
  const text = Math.abs(value).toFixed(places);
  if (Number(text) === 0 || Number(text) === 180) return `${text}°`;
  return `${text}° ${value < 0 ? negative : positive}`;
}
