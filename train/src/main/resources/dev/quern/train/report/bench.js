// Draws the charts of the benchmark report with uPlot, in the colours of the style sheet, light or dark.
const run = JSON.parse(document.getElementById("run").textContent);
const colour = name => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
const backend = device => device.split(":")[0];
const plots = [];

// Numbers for people.
const si = (v, unit) => {
  const [factor, prefix] = v >= 1e12 ? [1e12, "T"] : v >= 1e9 ? [1e9, "G"] : v >= 1e6 ? [1e6, "M"] : v >= 1e3 ? [1e3, "k"] : [1, ""];
  return +(v / factor).toPrecision(3) + " " + prefix + unit;
};
const time = nanos => {
  const [factor, unit] = nanos >= 1e9 ? [1e9, "s"] : nanos >= 1e6 ? [1e6, "ms"] : nanos >= 1e3 ? [1e3, "\u00b5s"] : [1, "ns"];
  return +(nanos / factor).toPrecision(3) + " " + unit;
};
const count = n => {
  const [factor, unit] = n >= 1 << 20 ? [1 << 20, " M"] : n >= 1 << 10 ? [1 << 10, " K"] : [1, ""];
  return +(n / factor).toPrecision(3) + unit;
};
const decades = (low, high) => {
  const marks = [];
  for (let e = Math.ceil(Math.log10(low) - 1e-9); e <= Math.log10(high) + 1e-9; e++) {
    marks.push(10 ** e);
  }
  return marks;
};
const thinned = (marks, most) => marks.filter((_, i) => i % Math.ceil(marks.length / most) === 0);

// A log-log chart. Points are {x, y, colour, text}; what is drawn beyond the axes is paint's business.
function chart(box, height, x, y, points, paint) {
  const axis = {
    stroke: () => colour("soft"),
    font: "12px system-ui, sans-serif",
    grid: { stroke: () => colour("line"), width: 1 },
    ticks: { show: false },
  };
  const named = side => (side.name ? { label: side.name, labelSize: 20, labelGap: 2, labelFont: axis.font } : {});
  const xs = [...new Set([x.low, x.high, ...points.map(p => p.x)])].sort((a, b) => a - b);
  const plot = new uPlot(
    {
      width: box.clientWidth,
      height,
      padding: [10, 12, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false, distr: 3, range: [x.low, x.high] }, y: { distr: 3, range: [y.low, y.high] } },
      axes: [
        { ...axis, ...named(x), size: 34, splits: () => x.marks, filter: (_, s) => s, values: (_, s) => s.map(x.format) },
        { ...axis, ...named(y), size: 62, splits: () => y.marks, filter: (_, s) => s, values: (_, s) => s.map(y.format) },
      ],
      series: [{}, { paths: () => null, points: { show: false } }],
      hooks: { draw: [u => withCanvas(u, paint)] },
    },
    [xs, xs.map(() => y.low)],
    box,
  );
  plots.push([plot, box, height]);
  tips(plot, box, points);
}

// The context of the plot's canvas, clipped to the axes, with functions from values to its pixels.
function withCanvas(u, paint) {
  const { ctx } = u;
  const { left, top, width, height } = u.bbox;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  const ratio = devicePixelRatio || 1;
  paint({
    ctx,
    ratio,
    left,
    top,
    right: left + width,
    bottom: top + height,
    x: v => u.valToPos(v, "x", true),
    y: v => u.valToPos(v, "y", true),
  });
  ctx.restore();
}

// Shows the text of the nearest point under the mouse or the finger.
function tips(u, box, points) {
  const tip = document.createElement("div");
  tip.className = "tip";
  box.parentElement.append(tip);
  const hide = () => (tip.style.display = "none");
  u.over.addEventListener("pointerleave", hide);
  u.over.addEventListener("pointermove", event => {
    const over = u.over.getBoundingClientRect();
    const card = box.parentElement.getBoundingClientRect();
    const [mx, my] = [event.clientX - over.left, event.clientY - over.top];
    let [nearest, least] = [null, 30];
    for (const p of points) {
      const distance = Math.hypot(u.valToPos(p.x, "x") - mx, u.valToPos(p.y, "y") - my);
      if (distance < least) {
        [nearest, least] = [p, distance];
      }
    }
    if (nearest === null) {
      hide();
      return;
    }
    tip.textContent = nearest.text;
    tip.style.display = "block";
    const px = u.valToPos(nearest.x, "x") + over.left - card.left;
    const py = u.valToPos(nearest.y, "y") + over.top - card.top;
    tip.style.left = Math.max(4, Math.min(px + 12, card.width - tip.offsetWidth - 4)) + "px";
    tip.style.top = Math.max(4, py - tip.offsetHeight - 10) + "px";
  });
}

function dot(c, x, y, radius, fill, alpha) {
  c.ctx.globalAlpha = alpha;
  c.ctx.fillStyle = fill;
  c.ctx.beginPath();
  c.ctx.arc(c.x(x), c.y(y), radius * c.ratio, 0, 2 * Math.PI);
  c.ctx.fill();
  c.ctx.globalAlpha = 1;
}

// Writes labels beside their dots where nothing else is written yet, the first ones first.
function labels(c, points, obstacles) {
  const taken = obstacles.map(p => [c.x(p.x) - 5 * c.ratio, c.y(p.y) - 5 * c.ratio, c.x(p.x) + 5 * c.ratio, c.y(p.y) + 5 * c.ratio]);
  c.ctx.font = `${11.5 * c.ratio}px system-ui, sans-serif`;
  c.ctx.textBaseline = "middle";
  const high = 13 * c.ratio;
  for (const p of points) {
    const wide = c.ctx.measureText(p.label).width;
    const gap = 8 * c.ratio;
    const [px, py] = [c.x(p.x), c.y(p.y)];
    const places = [[gap, 0], [-gap - wide, 0], [-wide / 2, -high], [-wide / 2, high], [gap, -high], [gap, high], [-gap - wide, -high], [-gap - wide, high],
      [gap, 2 * high], [gap, -2 * high], [-gap - wide, 2 * high], [-gap - wide, -2 * high]];
    for (const [dx, dy] of places) {
      const place = [px + dx, py + dy - high / 2, px + dx + wide, py + dy + high / 2];
      const inside = place[0] > c.left && place[2] < c.right && place[1] > c.top && place[3] < c.bottom;
      const free = taken.every(t => place[2] < t[0] || place[0] > t[2] || place[3] < t[1] || place[1] > t[3]);
      if (inside && free) {
        taken.push(place);
        if (Math.abs(dy) > high) {
          c.ctx.strokeStyle = colour("line");
          c.ctx.lineWidth = c.ratio;
          c.ctx.beginPath();
          c.ctx.moveTo(px, py);
          c.ctx.lineTo(dx > 0 ? place[0] : place[2], py + dy);
          c.ctx.stroke();
        }
        c.ctx.fillStyle = colour("text");
        c.ctx.textAlign = "left";
        c.ctx.fillText(p.label, place[0], py + dy);
        break;
      }
    }
  }
}

// A roofline: arithmetic an element against bytes an element, under what the device can do.
function roofline(box) {
  const device = run.devices.find(d => d.id === box.dataset.device);
  const own = run.measurements.filter(m => m.device === device.id && !m.unfused);
  const largest = {};
  for (const m of own) {
    if (!(m.benchmark in largest) || largest[m.benchmark].elements < m.elements) {
      largest[m.benchmark] = m;
    }
  }
  const points = own.map(m => ({
    x: m.operations / m.bytes,
    y: m.operations / m.nanos,
    colour: m.family,
    large: largest[m.benchmark] === m,
    label: m.benchmark,
    text: `${m.benchmark}, ${count(m.elements)} elements\n${si(m.operations / m.nanos * 1e9, "FLOP/s")}, ${si(m.bytes / m.nanos * 1e9, "B/s")}\n${Math.round(100 * m.share)} % of the roof`,
  }));
  const peak = device.fmaGflops;
  const ridge = peak / device.bandwidthGbs;
  const low = 10 ** Math.floor(Math.log10(Math.min(...points.map(p => p.x), ridge)));
  const high = 10 ** Math.ceil(Math.log10(Math.max(...points.map(p => p.x), ridge * 3)));
  const shown = points.filter(p => p.large).map(p => p.y);
  const floor = 10 ** Math.floor(Math.log10(Math.min(...shown, low * device.bandwidthGbs)));
  const top = 10 ** Math.ceil(Math.log10(Math.max(...points.map(p => p.y), peak * 1.3)));
  chart(
    box,
    400,
    { name: "operations for each byte", low, high, marks: decades(low, high), format: v => String(+v.toPrecision(1)) },
    { name: "operations a second", low: floor, high: top, marks: decades(floor, top), format: v => si(v * 1e9, "").replace(" ", "\u2009") },
    points,
    c => {
      const bend = [c.x(ridge), c.y(peak)];
      const start = [c.x(low), c.y(low * device.bandwidthGbs)];
      const end = [c.x(high), bend[1]];
      c.ctx.beginPath();
      [[start[0], c.bottom], start, bend, end, [end[0], c.bottom]].forEach(p => c.ctx.lineTo(...p));
      c.ctx.fillStyle = colour(backend(device.id));
      c.ctx.globalAlpha = 0.07;
      c.ctx.fill();
      c.ctx.globalAlpha = 1;
      c.ctx.beginPath();
      [start, bend, end].forEach(p => c.ctx.lineTo(...p));
      c.ctx.strokeStyle = colour(backend(device.id));
      c.ctx.lineWidth = 2 * c.ratio;
      c.ctx.stroke();
      c.ctx.fillStyle = colour("soft");
      c.ctx.font = `600 ${12 * c.ratio}px system-ui, sans-serif`;
      c.ctx.textAlign = "right";
      c.ctx.textBaseline = "bottom";
      c.ctx.fillText(si(peak * 1e9, "FLOP/s") + " fma", end[0] - 8 * c.ratio, bend[1] - 5 * c.ratio);
      c.ctx.save();
      c.ctx.translate(start[0] + (bend[0] - start[0]) / 4, start[1] + (bend[1] - start[1]) / 4);
      c.ctx.rotate(Math.atan2(bend[1] - start[1], bend[0] - start[0]));
      c.ctx.textAlign = "center";
      c.ctx.fillText(si(device.bandwidthGbs * 1e9, "B/s"), 0, -5 * c.ratio);
      c.ctx.restore();
      points.filter(p => !p.large).forEach(p => dot(c, p.x, p.y, 2.5, colour(p.colour), 0.35));
      const large = points.filter(p => p.large);
      large.forEach(p => dot(c, p.x, p.y, 5, colour(p.colour), 1));
      if (c.right - c.left > 380 * c.ratio) {
        labels(c, large, large);
      }
    },
  );
}

// Ten per cent: a smaller lead in the largest size is no overtaking.
const CLEAR_LEAD = Math.log(1.1);

// Where one device overtakes another for good: [size, winner, loser], the size between two measured ones.
function crossovers(lines) {
  const found = [];
  for (const a of lines) {
    for (const b of lines) {
      const both = a.points.filter(p => b.points.some(q => q.elements === p.elements))
        .map(p => [p.elements, Math.log(b.points.find(q => q.elements === p.elements).nanos / p.nanos)]);
      let last = -1;
      both.forEach(([, lead], i) => (last = lead <= 0 ? i : last));
      if (last >= 0 && last < both.length - 1 && both[both.length - 1][1] > CLEAR_LEAD) {
        const [n0, l0] = both[last];
        const [n1, l1] = both[last + 1];
        const part = Math.max(0, Math.min(1, -l0 / (l1 - l0)));
        const size = Math.exp(Math.log(n0) + part * (Math.log(n1) - Math.log(n0)));
        const at = (line, p) => Math.exp((1 - p) * Math.log(line.points.find(q => q.elements === n0).nanos) + p * Math.log(line.points.find(q => q.elements === n1).nanos));
        found.push({ size, nanos: at(a, part), winner: a.device, loser: b.device });
      }
    }
  }
  return found.sort((p, q) => p.size - q.size);
}

// Time against size, a line for each device, with the band from the 10th to the 90th percentile.
function sweep(box) {
  const own = run.measurements.filter(m => m.benchmark === box.dataset.benchmark && !m.unfused);
  const lines = run.devices
    .map(d => ({ device: d.id, points: own.filter(m => m.device === d.id).sort((a, b) => a.elements - b.elements) }))
    .filter(line => line.points.length > 0);
  const points = own.map(m => ({
    x: m.elements,
    y: m.nanos,
    text: `${m.device}, ${count(m.elements)} elements\n${time(m.nanos)} (${time(m.p10)} to ${time(m.p90)})\n${si(m.bytes / m.nanos * 1e9, "B/s")}, ${Math.round(100 * m.share)} % of the roof`,
  }));
  const sizes = [...new Set(own.map(m => m.elements))].sort((a, b) => a - b);
  const [low, high] = [sizes[0] / 1.5, sizes[sizes.length - 1] * 1.5];
  const floor = 10 ** Math.floor(Math.log10(Math.min(...own.map(m => m.p10))));
  const top = 10 ** Math.ceil(Math.log10(Math.max(...own.map(m => m.p90))));
  const crossed = crossovers(lines);
  chart(
    box,
    230,
    { low, high, marks: thinned(sizes, 5), format: v => count(v).replace(" ", "\u2009") },
    { low: floor, high: top, marks: thinned(decades(floor, top), 6), format: time },
    points,
    c => {
      for (const line of lines) {
        const stroke = colour(backend(line.device));
        c.ctx.beginPath();
        line.points.forEach(p => c.ctx.lineTo(c.x(p.elements), c.y(p.p10)));
        line.points.toReversed().forEach(p => c.ctx.lineTo(c.x(p.elements), c.y(p.p90)));
        c.ctx.fillStyle = stroke;
        c.ctx.globalAlpha = 0.14;
        c.ctx.fill();
        c.ctx.globalAlpha = 1;
        c.ctx.beginPath();
        line.points.forEach(p => c.ctx.lineTo(c.x(p.elements), c.y(p.nanos)));
        c.ctx.strokeStyle = stroke;
        c.ctx.lineWidth = 2 * c.ratio;
        c.ctx.lineJoin = "round";
        c.ctx.stroke();
        line.points.forEach(p => dot(c, p.elements, p.nanos, 3, stroke, 1));
      }
      for (const cross of crossed) {
        c.ctx.beginPath();
        c.ctx.arc(c.x(cross.size), c.y(cross.nanos), 6.5 * c.ratio, 0, 2 * Math.PI);
        c.ctx.lineWidth = 1.8 * c.ratio;
        c.ctx.strokeStyle = colour("text");
        c.ctx.stroke();
      }
    },
  );
  const footer = box.parentElement.querySelector("footer");
  footer.replaceChildren(...crossed.flatMap((cross, i) => {
    const winner = document.createElement("b");
    winner.textContent = cross.winner;
    return [i > 0 ? "; " : "\u25cb ", winner, ` beats ${cross.loser} from ${count(cross.size)}`];
  }));
}

// What a test counts.
document.documentElement.dataset.charts = 0;
document.querySelectorAll("[data-device]").forEach(roofline);
document.querySelectorAll("[data-benchmark]").forEach(sweep);
document.documentElement.dataset.charts = plots.length;
const resized = new ResizeObserver(() =>
  plots.forEach(([plot, box, height]) => box.clientWidth !== plot.width && plot.setSize({ width: box.clientWidth, height })));
document.querySelectorAll(".roofs, .sweeps").forEach(grid => resized.observe(grid));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plots.forEach(([plot]) => plot.redraw(false, true)));
