// Draws the curves of the report with uPlot, in the colours of the style sheet, light or dark.
const run = JSON.parse(document.getElementById("run").textContent);
const colour = name => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
let plots = [];

function line(label, name, values, options) {
  return {
    values,
    series: {
      label,
      stroke: () => colour(name),
      width: 2,
      points: { show: values.length < 40, size: 5, fill: () => colour(name) },
      value: (_, v) => (v == null ? "-" : Math.abs(v) < 0.01 && v !== 0 ? v.toExponential(2) : v.toFixed(4)),
      ...options,
    },
  };
}

function short(v) {
  return v == null ? "" : v !== 0 && Math.abs(v) < 0.001 ? v.toExponential(0) : String(+v.toPrecision(4));
}

function draw(id, lines, scale) {
  const box = document.getElementById(id);
  const axis = {
    stroke: () => colour("soft"),
    grid: { stroke: () => colour("line"), width: 1 },
    ticks: { stroke: () => colour("line"), width: 1 },
  };
  const plot = new uPlot(
    {
      width: box.clientWidth,
      height: 270,
      cursor: { sync: { key: "epoch" }, drag: { x: true, y: false } },
      scales: { x: { time: false }, y: scale },
      axes: [
        { ...axis, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] },
        { ...axis, size: 62, values: (_, ticks) => ticks.map(short) },
      ],
      series: [{ label: "epoch" }, ...lines.map(l => l.series)],
    },
    [run.epoch, ...lines.map(l => l.values)],
    box,
  );
  plots.push([plot, box]);
}

draw("iou", [
  line("validation", "val", run.valIou),
  line("training", "train", run.trainIou),
  line("Otsu's threshold", "otsu", run.epoch.map(() => run.otsuIou), { dash: [6, 5], width: 1.5, points: { show: false } }),
], { range: (_, low, high) => [Math.max(0, Math.floor((low - 0.02) * 20) / 20), Math.min(1, Math.ceil((high + 0.02) * 20) / 20)] });
draw("loss", [
  line("validation", "val", run.valLoss),
  line("training", "train", run.trainLoss),
], { range: (_, _low, high) => [0, high * 1.05] });
draw("rate", [line("learning rate", "rate", run.learningRate, { paths: uPlot.paths.stepped({ align: 1 }) })],
  run.logarithmicRate ? { distr: 3 } : { range: (_, _low, high) => [0, high * 1.08] });

new ResizeObserver(() => plots.forEach(([plot, box]) => plot.setSize({ width: box.clientWidth, height: 270 })))
  .observe(document.querySelector(".charts"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plots.forEach(([plot]) => plot.redraw()));
