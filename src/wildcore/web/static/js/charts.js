// History charts with uPlot: <div data-chart="ADDRESS?metric=..." data-unit="dBm"> and buttons with data-hours.
import { get } from "./net.js";

const texts = () => document.querySelector('meta[name="wc-words"]').dataset;
const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const LARGE = ["bit/s", "pkt/s"];
const FRESH_MS = 120000;
const PREFIXES = ["", "k", "M", "G", "T"];

function shown(value, unit) {
  if (value === null || value === undefined) return "–";
  if (!LARGE.includes(unit)) return `${value.toFixed(unit === "dBm" ? 2 : 1)} ${unit}`;
  let size = value;
  let step = 0;
  while (Math.abs(size) >= 1000 && step < 4) { size /= 1000; step += 1; }
  return `${size.toFixed(step ? 1 : 0)} ${PREFIXES[step]}${unit}`;
}
const pad = (value) => String(value).padStart(2, "0");
function clock(at, hours) {
  const date = new Date(at * 1000);
  const time = `${pad(date.getHours())}:${pad(date.getMinutes())}`;
  return hours > 30 ? `${pad(date.getDate())}.${pad(date.getMonth() + 1)} ${time}` : time;
}

function message(box, text) {
  box.replaceChildren();
  const line = document.createElement("div");
  line.className = "wc-chart-msg";
  line.textContent = text;
  box.append(line);
}

function draw(box, data, hours) {
  box.replaceChildren();
  const unit = box.dataset.unit || "";
  const line = style("--wc-line-soft");
  const text = style("--wc-muted");
  // A young history fills the chart instead of its right edge.
  const first = data.times[0];
  const start = first > data.start + (data.end - data.start) / 2 && data.times.length > 2 ? first - (data.end - first) * 0.04 : data.start;
  const axis = { stroke: text, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1, size: 4 }, font: `11px ${style("--wc-font")}` };
  const options = {
    width: box.clientWidth,
    height: box.clientHeight - 26,
    cursor: { y: false, points: { size: 6 } },
    scales: { x: { time: true, range: () => [start, data.end] } },
    axes: [
      { ...axis, space: 70, size: 28, values: (_plot, ticks) => ticks.map((at) => clock(at, hours)) },
      { ...axis, size: LARGE.includes(unit) ? 74 : 44, values: (_plot, ticks) => ticks.map((value) => (LARGE.includes(unit) ? shown(value, unit) : String(value))) },
    ],
    series: [
      { label: "", value: (_plot, at) => (at ? clock(at, 48) : "") },
      ...data.series.map((one, at) => ({
        label: one.label,
        stroke: style(`--wc-chart-${at + 1}`),
        width: 1.75,
        spanGaps: false,
        points: { show: one.values.length < 40, size: 4 },
        value: (_plot, value) => shown(value, unit),
      })),
    ],
  };
  const plot = new window.uPlot(options, [data.times, ...data.series.map((one) => one.values)], box);
  new ResizeObserver(() => {
    if (box.isConnected && box.clientWidth) plot.setSize({ width: box.clientWidth, height: options.height });
  }).observe(box);
}

async function load(box, hours) {
  box.dataset.hours = hours;
  box._at = Date.now();
  const address = box.dataset.chart;
  try {
    const joint = address.includes("?") ? "&" : "?";
    const answer = await get(`${address}${joint}hours=${hours}`);
    if (!answer.ok) throw new Error(String(answer.status));
    const data = await answer.json();
    if (box.dataset.chart !== address) return; // something else was chosen meanwhile
    if (!data.times.length) message(box, texts().nothing);
    else draw(box, data, hours);
    box._data = data;
  } catch (_failed) {
    message(box, texts().failed);
  }
}

export function startCharts(within) {
  if (!window.uPlot) return;
  for (const box of within.querySelectorAll("[data-chart]")) {
    if (box.dataset.started && Date.now() - box._at < FRESH_MS) continue; // it stays while the values around it are renewed
    box.dataset.started = "yes";
    load(box, Number(box.dataset.hours || 24));
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-chart-hours], button[data-chart-metric]");
  const box = button && button.closest(".wc-card").querySelector("[data-chart]");
  if (!box) return;
  for (const other of button.parentElement.children) other.setAttribute("aria-pressed", String(other === button));
  if (button.dataset.chartMetric) {
    box.dataset.chart = `${box.dataset.chart.split("?")[0]}?metric=${button.dataset.chartMetric}`;
    box.dataset.unit = button.dataset.chartUnit;
  }
  load(box, Number(button.dataset.chartHours || box.dataset.hours || 24));
});

new MutationObserver(() => {
  for (const box of document.querySelectorAll("[data-chart]")) if (box._data?.times.length) draw(box, box._data, Number(box.dataset.hours));
}).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
