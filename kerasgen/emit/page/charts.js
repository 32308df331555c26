"use strict";
(() => {
  const { shared, charts } = JSON.parse(document.getElementById("drawn").textContent);
  const HUES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
  const LIGHT = { ink: "#000", soft: "#444", line: "#bbb", paper: "#fff", accent: "#0072b2" };
  const NARROW = 560;
  let printing = false;

  const colors = () => {
    const style = getComputedStyle(document.documentElement);
    const own = Object.fromEntries(
      Object.keys(LIGHT).map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
    const found = printing ? LIGHT : own;
    const dark = !printing && style.colorScheme === "dark";
    // From the worst to the best: what stands out most is the best.
    return { ...found, dark, scale: dark ? ["#33414f", "#3f86b5", "#f5d76e"] : ["#c9d6e2", "#3f8fc4", "#8c2d04"] };
  };

  const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
  const figure = (value) =>
    value === null || value === undefined ? "–"
      : Number.isInteger(value) && Math.abs(value) < 1e6 ? String(value)
        : Number(value.toPrecision(4)).toString();
  const spans = (values) => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return low > 0 && high >= 50 * low;
  };

  // What a pointer rests on is told as text: no record can put markup into it.
  const tip = (title, pairs) => {
    const holder = document.createElement("div");
    holder.className = "tip";
    const head = document.createElement("b");
    head.textContent = title;
    holder.append(head);
    for (const [name, value] of pairs) {
      const line = document.createElement("div");
      line.textContent = `${name}: ${value}`;
      holder.append(line);
    }
    return holder;
  };

  const common = (hue) => ({
    animation: false,
    aria: { enabled: false },
    textStyle: { fontFamily: "system-ui, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', sans-serif", color: hue.ink },
    tooltip: {
      confine: true, backgroundColor: hue.paper, borderColor: hue.line, textStyle: { color: hue.ink },
      extraCssText: "max-width: min(26rem, 80vw)",
    },
  });
  const axisOf = (axis, hue, most) => {
    const lines = {
      axisLine: { show: true, lineStyle: { color: hue.line } },
      axisTick: { lineStyle: { color: hue.line } },
      splitLine: { lineStyle: { color: hue.line, opacity: 0.45 } },
      axisLabel: { color: hue.soft, hideOverlap: true, formatter: (value) => figure(value) },
      nameTextStyle: { color: hue.ink },
      nameLocation: "middle",
      name: cut(axis.name, most),
    };
    if (axis.kind !== "places") return { type: axis.kind === "log" ? "log" : "value", scale: true, ...lines };
    return {
      type: "value", min: -0.5, max: axis.labels.length - 0.5, interval: 1, ...lines,
      splitLine: { show: false },
      axisTick: { show: false },
      axisLabel: {
        color: hue.soft, interval: 0, hideOverlap: true,
        customValues: axis.labels.map((_, place) => place),
        formatter: (value) => cut(axis.labels[Math.round(value)] ?? "", 14),
      },
    };
  };
  const shownValue = (axis, value) =>
    axis.kind === "places" ? axis.labels[Math.round(value)] ?? "–" : figure(value);
  // The bulk decides the colors: one figure that exploded would take all others' differences.
  const bulk = (values) => {
    const sorted = [...values].sort((a, b) => a - b);
    const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
    const [low, high] = [at(0.05), at(0.95)];
    return low < high ? [low, high] : [low - 1e-9 - Math.abs(low) * 1e-6, high + 1e-9 + Math.abs(high) * 1e-6];
  };
  const scaleOf = (hue, way) => (way === "min" ? [...hue.scale].reverse() : hue.scale);

  // Names beside an axis have a share of the width, and are cut at its end.
  const named = (texts, hue, width) => {
    const room = Math.min(0.42 * width, 20 + 6.4 * Math.max(...texts.map((text) => text.length)));
    return {
      room,
      axis: {
        type: "category", inverse: true, data: texts, axisTick: { show: false },
        axisLine: { lineStyle: { color: hue.line } },
        axisLabel: { color: hue.ink, interval: 0, width: room - 16, overflow: "truncate" },
      },
    };
  };

  const bars = (spec, hue, width) => {
    const names = named(spec.names, hue, width);
    const bar = (name, values, color) => ({ name, type: "bar", data: values.map((v) => +(100 * v).toFixed(1)), itemStyle: { color } });
    return {
      ...common(hue),
      legend: { top: 0, textStyle: { color: hue.ink } },
      grid: { left: names.room, right: 24, top: 32, bottom: 46 },
      xAxis: { ...axisOf({ name: "% of the variance between settings", kind: "linear" }, hue, 60), min: 0, nameGap: 26 },
      yAxis: names.axis,
      tooltip: {
        ...common(hue).tooltip, trigger: "item",
        formatter: ({ dataIndex }) => tip(spec.names[dataIndex], [
          ["alone", `${figure(100 * spec.alone[dataIndex])} %`],
          ["with others", `${figure(100 * spec.together[dataIndex])} %`]]),
      },
      series: [bar("alone", spec.alone, HUES[0]), bar("with others", spec.together, HUES[4])],
    };
  };

  const spread = (spec, hue, width) => {
    const names = named(spec.labels, hue, width);
    const every = spec.points.flat();
    const [least, most] = [Math.min(...every), Math.max(...every)];
    // Of two seeds an interval may be so wide that nothing else would be seen: it is cut off.
    const margin = 0.35 * (most - least) || Math.abs(most) * 0.1 || 1;
    const limits = spec.scale === "log" ? {} : { min: least - margin, max: most + margin };
    const whiskers = spec.means.map((_, n) => [n, spec.low[n], spec.high[n]]).filter(([, low]) => low !== null);
    const axis = { name: spec.metric, kind: spec.scale };
    return {
      ...common(hue),
      grid: { left: names.room, right: 24, top: 10, bottom: 46 },
      xAxis: { ...axisOf(axis, hue, 60), ...limits, nameGap: 26 },
      yAxis: names.axis,
      tooltip: {
        ...common(hue).tooltip,
        formatter: ({ data }) => {
          const n = data[data.length - 1];
          return tip(spec.labels[n], [
            ["mean", figure(spec.means[n])], ["n", spec.points[n].length],
            ["95 % interval", spec.low[n] === null ? "–" : `${figure(spec.low[n])} to ${figure(spec.high[n])}`],
            ["seeds", spec.points[n].map(figure).join(", ")]]);
        },
      },
      series: [
        {
          type: "custom", silent: true, clip: true, encode: { x: [1, 2], y: 0 }, data: whiskers,
          renderItem: (_, api) => {
            const [from, to] = [api.coord([api.value(1), api.value(0)]), api.coord([api.value(2), api.value(0)])];
            const line = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: hue.accent, lineWidth: 2 } });
            return { type: "group", children: [
              line(from[0], from[1], to[0], to[1]),
              line(from[0], from[1] - 4, from[0], from[1] + 4), line(to[0], to[1] - 4, to[0], to[1] + 4)] };
          },
        },
        { type: "scatter", symbolSize: 5, itemStyle: { color: hue.soft, opacity: 0.6 },
          data: spec.points.flatMap((own, n) => own.map((value) => [value, n, n])) },
        { type: "scatter", symbolSize: 9, itemStyle: { color: hue.accent }, data: spec.means.map((mean, n) => [mean, n, n]) },
      ],
    };
  };

  const parallel = (spec, hue, width) => {
    const upright = width < NARROW;
    const [low, high] = bulk(spec.lines.map((line) => line[line.length - 1]));
    const last = spec.axes.length - 1;
    const label = { color: hue.ink, textBorderColor: hue.paper, textBorderWidth: 3 };
    const axis = ({ name, kind, labels }, dim) => ({
      dim, name: cut(name, upright ? 40 : 22),
      ...(kind === "places"
        ? { type: "category", data: labels, axisLabel: { ...label, formatter: (text) => cut(text, 12) } }
        : { type: kind === "log" ? "log" : "value", scale: true,
            axisLabel: { ...label, formatter: (value) => figure(value) } }),
      ...(dim === last && spec.way === "min" ? { inverse: true } : {}),
    });
    return {
      ...common(hue),
      parallel: {
        layout: upright ? "vertical" : "horizontal",
        left: upright ? 24 : 50, right: upright ? 24 : 80, top: upright ? 30 : 46, bottom: upright ? 30 : 46,
        parallelAxisDefault: {
          nameLocation: upright ? "start" : "end", nameGap: upright ? 6 : 14,
          nameTextStyle: upright
            ? { color: hue.ink, align: "left", verticalAlign: "bottom", padding: [0, 0, 6, 0], textBorderColor: hue.paper, textBorderWidth: 3 }
            : { color: hue.ink, align: "center" },
          z: 20,
          axisLine: { lineStyle: { color: hue.soft } }, axisTick: { lineStyle: { color: hue.soft } },
          areaSelectStyle: { color: hue.accent, borderColor: hue.accent, opacity: 0.25, width: 18 },
        },
      },
      parallelAxis: spec.axes.map(axis),
      visualMap: {
        show: !upright, type: "continuous", dimension: last, min: low, max: high, right: 0, top: "middle",
        itemHeight: 110, itemWidth: 12, calculable: false, inRange: { color: scaleOf(hue, spec.way) },
        formatter: (value) => figure(value), text: ["", ""], textStyle: { color: hue.soft },
      },
      tooltip: {
        ...common(hue).tooltip, trigger: "item",
        formatter: ({ dataIndex }) => {
          const [place, ...values] = spec.lines[dataIndex];
          return tip(shared.jobs[place], spec.axes.map((each, n) => [each.name, shownValue(each, values[n])]));
        },
      },
      series: {
        type: "parallel", smooth: 0, inactiveOpacity: 0.04, activeOpacity: 0.9,
        lineStyle: { width: spec.lines.length > 150 ? 1 : 1.6, opacity: spec.lines.length > 150 ? 0.5 : 0.75 },
        emphasis: { lineStyle: { width: 4, opacity: 1 } },
        data: [...spec.lines].map(([, ...values]) => values.map((value) => value ?? "-")),
      },
    };
  };

  // What is told of the chosen jobs stands there from the start; the chart is listened to once it is drawn.
  const brushing = (holder, spec) => {
    const line = document.createElement("p");
    line.className = "filter";
    const told = document.createElement("span");
    told.setAttribute("role", "status");
    const label = document.createElement("label");
    const only = document.createElement("input");
    only.type = "checkbox";
    label.append(only, " these alone in the leaderboard");
    label.hidden = true;
    line.append(told, label);
    holder.after(line);
    const hint = "Drag along an axis to choose jobs; a click on the axis ends it.";
    told.textContent = hint;
    const table = document.querySelector("tr[data-row]")?.closest("table");
    only.addEventListener("change", () => table?.classList.toggle("brushed", only.checked));
    return (chart) => chart.on("axisareaselected", () => {
      const model = chart.getModel().getSeriesByType("parallel")[0];
      const active = new Set(model.getRawIndicesByActiveState("active"));
      const all = active.size === 0 && model.getRawIndicesByActiveState("inactive").length === 0;
      const chosen = spec.lines.filter((_, n) => all || active.has(n)).map(([place]) => place);
      const names = new Set(chosen.map(String));
      for (const row of table?.tBodies[0].rows ?? []) row.classList.toggle("outside", !names.has(row.dataset.row));
      label.hidden = all;
      // The lines stand in the order of their figures, the worst first.
      const best = chosen.length ? `; the best of them: ${shared.jobs[chosen[chosen.length - 1]]}` : "";
      told.textContent = all ? hint : `${chosen.length} of ${spec.lines.length} jobs${spec.way ? best : ""}`;
      if (all) { only.checked = false; table?.classList.remove("brushed"); }
    });
  };

  // Points over two axes, whose names need no room of their own: the caption has that of the second.
  const plane = (spec, hue) => ({
    ...common(hue),
    grid: { left: 8, right: 18, top: 12, bottom: 34, containLabel: true },
    xAxis: { ...axisOf(spec.x, hue, 44), nameGap: 26 },
    yAxis: { ...axisOf({ ...spec.y, name: "" }, hue, 30) },
  });

  const strip = (spec, hue) => {
    const jitter = (place) => (spec.x.kind === "places" ? (((place * 0.618034) % 1) - 0.5) * 0.4 : 0);
    return {
      ...plane(spec, hue),
      tooltip: {
        ...common(hue).tooltip,
        formatter: ({ data }) => data[3] === undefined
          ? tip(shared.jobs[data[2]], [[spec.y.name, figure(data[1])]])
          : tip(`${spec.x.name}: ${shownValue(spec.x, data[0])}`, [[`mean ${spec.y.name}`, figure(data[1])], ["settings", data[3]]]),
      },
      series: [
        { type: "scatter", symbolSize: spec.points.length > 150 ? 4 : 6, itemStyle: { color: hue.accent, opacity: 0.55 },
          data: spec.points.map(([x, y, place]) => [x + jitter(place), y, place]) },
        { type: "line", symbol: "diamond", symbolSize: 9, lineStyle: { color: HUES[1], width: spec.x.kind === "places" ? 0 : 1.5 },
          itemStyle: { color: HUES[1] }, data: spec.means.map(([x, y, n]) => [x, y, null, n]) },
      ],
    };
  };

  const points = (spec, hue) => {
    const front = new Set(spec.front);
    const line = spec.front.map((n) => spec.points[n]).sort((a, b) => a[0] - b[0]);
    return {
      ...plane(spec, hue),
      tooltip: {
        ...common(hue).tooltip,
        formatter: ({ data }) => tip(shared.settings[data[2]], [[spec.x.name, figure(data[0])], [spec.y.name, figure(data[1])]]),
      },
      series: [
        { type: "line", silent: true, symbol: "none", step: spec.step, lineStyle: { color: HUES[1], width: 1.2, type: "dashed" },
          data: line.length > 1 ? line : [] },
        { type: "scatter", symbolSize: 6, itemStyle: { color: hue.accent, opacity: 0.55 },
          data: spec.points.filter((_, n) => !front.has(n)) },
        { type: "scatter", symbolSize: 10, symbol: "diamond", itemStyle: { color: HUES[1] },
          data: spec.points.filter((_, n) => front.has(n)) },
      ],
    };
  };

  const heat = (spec, hue, width, chosen) => {
    const map = spec.maps[chosen];
    const [low, high] = bulk(map.cells.map((cell) => cell[2]));
    const inked = (value) => {
      const share = (value - low) / (high - low);
      const faint = spec.way === "min" ? share > 0.7 : share < 0.3;
      return faint !== hue.dark ? "#111" : "#fff";
    };
    const side = (name, labels, most) => ({
      type: "category", data: labels, name: cut(name, 44), nameLocation: "middle",
      nameTextStyle: { color: hue.ink }, splitArea: { show: false }, axisTick: { show: false },
      axisLine: { lineStyle: { color: hue.line } },
      axisLabel: { color: hue.soft, hideOverlap: true, formatter: (text) => cut(text, Math.max(most, 6)) },
    });
    return {
      ...common(hue),
      grid: { left: 26, right: 12, top: 12, bottom: 86, containLabel: true },
      xAxis: { ...side(map.names[0], map.columns, Math.floor((width - 120) / map.columns.length / 7)), nameGap: 26 },
      yAxis: { ...side(map.names[1], map.rows, 14), nameGap: Math.min(110, 26 + 6 * Math.max(...map.rows.map((text) => Math.min(text.length, 14)))) },
      visualMap: {
        type: "continuous", min: low, max: high, orient: "horizontal", left: "center", bottom: 0,
        itemWidth: 12, itemHeight: Math.min(200, width / 3), inRange: { color: scaleOf(hue, spec.way) },
        formatter: (value) => figure(value), text: [figure(high), figure(low)], textStyle: { color: hue.soft }, dimension: 2,
      },
      tooltip: {
        ...common(hue).tooltip,
        formatter: ({ value }) => tip(`${map.names[0]}: ${map.columns[value[0]]}`, [
          [map.names[1], map.rows[value[1]]], [`mean ${spec.metric}`, figure(value[2])], ["settings", value[3]]]),
      },
      series: {
        type: "heatmap", data: map.cells.map((cell) => ({ value: cell, label: { color: inked(cell[2]) } })), itemStyle: { borderColor: hue.paper, borderWidth: 2 },
        label: {
          show: map.columns.length * 52 < width && map.cells.length <= 80, fontSize: 11,
          formatter: ({ value }) => figure(value[2]),
        },
      },
    };
  };

  const curves = (spec, hue, width, chosen) => {
    const drawn = spec.jobs.filter((job) => job.curves[chosen].length);
    const values = drawn.flatMap((job) => job.curves[chosen].map(([, value]) => value));
    const best = spec.ranked ? drawn.slice(0, 5) : [];
    // The best are drawn last, over all others.
    const ordered = [...drawn].reverse();
    return {
      ...common(hue),
      legend: {
        top: 0, type: "scroll", icon: "roundRect", textStyle: { color: hue.ink }, pageTextStyle: { color: hue.soft },
        data: best.map((job) => job.name), formatter: (text) => `job ${cut(text, 24)}`,
      },
      grid: { left: 8, right: 18, top: 34, bottom: 34, containLabel: true },
      xAxis: { ...axisOf({ name: "epoch", kind: "linear" }, hue, 20), nameGap: 26, minInterval: 1 },
      yAxis: { ...axisOf({ name: "", kind: spec.falls[chosen] && spans(values) ? "log" : "linear" }, hue, 30) },
      tooltip: {
        ...common(hue).tooltip, trigger: "item",
        formatter: ({ seriesIndex, data }) => {
          const job = ordered[seriesIndex];
          const pairs = [[`last ${spec.names[chosen]}`, figure(job.curves[chosen][job.curves[chosen].length - 1][1])]];
          if (Array.isArray(data)) pairs.unshift([`epoch ${data[0]}`, figure(data[1])]);
          return tip(shared.jobs[job.place], [...pairs, ["state", job.status]]);
        },
      },
      series: ordered.map((job) => {
        const rank = best.indexOf(job);
        const color = rank < 0 ? hue.soft : HUES[rank];
        return {
          name: job.name, type: "line", data: job.curves[chosen], triggerLineEvent: true,
          showSymbol: job.curves[chosen].length < 2, symbolSize: 5,
          itemStyle: { color },
          lineStyle: { color, width: rank < 0 ? 1 : 2, opacity: rank < 0 ? 0.35 : 1, type: job.status === "completed" ? "solid" : "dashed" },
          emphasis: { lineStyle: { width: 4, opacity: 1 } },
        };
      }),
    };
  };

  const KINDS = { bars, spread, parallel, strip, points, heat, curves };
  const CHOICES = {
    heat: (spec) => spec.maps.map((map) => `${map.names[0]} and ${map.names[1]}`),
    curves: (spec) => spec.names,
  };

  const choosing = (holder, options, changed) => {
    const line = document.createElement("p");
    line.className = "choices";
    const label = document.createElement("label");
    const field = document.createElement("select");
    options.forEach((text, place) => field.append(new Option(cut(text, 80), String(place))));
    field.addEventListener("change", () => changed(Number(field.value)));
    const word = document.createElement("span");
    word.textContent = "shown:";
    label.append(word, field);
    line.append(label);
    holder.before(line);
  };

  // Each chart is drawn when it comes into view: of many jobs all at once would take seconds.
  const drawings = [];
  for (const holder of document.querySelectorAll("[data-chart]")) {
    const spec = charts[Number(holder.dataset.chart)];
    const lines = Number(holder.style.getPropertyValue("--lines"));
    let [chart, chosen] = [null, 0];
    const fit = (width) => {
      // Axes one below the other need room for each of them.
      const upright = spec.kind === "parallel" && width < NARROW;
      holder.style.setProperty("--lines", upright ? Math.max(lines, 3.6 * spec.axes.length) : lines);
    };
    const draw = (width) => {
      fit(width ?? holder.clientWidth);
      chart.resize(width ? { width } : { width: "auto" });
      chart.setOption(KINDS[spec.kind](spec, colors(), chart.getWidth(), chosen), { notMerge: true });
    };
    const options = CHOICES[spec.kind]?.(spec) ?? [];
    if (options.length > 1) choosing(holder, options, (place) => { chosen = place; if (chart) draw(); });
    const listen = spec.kind === "parallel" ? brushing(holder, spec) : () => {};
    fit(holder.clientWidth);
    const start = () => {
      chart = echarts.init(holder, null, { renderer: "svg" });
      draw();
      listen(chart);
      let width = chart.getWidth();
      new ResizeObserver(() => {
        if (printing || holder.clientWidth === width || !holder.clientWidth) return;
        width = holder.clientWidth;
        draw();
      }).observe(holder);
    };
    drawings.push({
      holder, draw, start: () => { if (!chart) start(); }, started: () => chart !== null,
      flush: () => chart.getZr().flush(), single: holder.closest(".single") !== null,
    });
  }

  const inView = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) {
      if (!isIntersecting) continue;
      inView.unobserve(target);
      drawings.find(({ holder }) => holder === target).start();
    }
  }, { rootMargin: "50% 0px" });
  drawings.forEach(({ holder }) => inView.observe(holder));

  const redraw = () => drawings.forEach(({ draw, started }) => { if (started()) draw(); });
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  // On paper all is light, and as wide as a sheet of A4 leaves.
  addEventListener("beforeprint", () => {
    printing = true;
    drawings.forEach(({ start, draw, flush, single }) => { start(); draw(single ? 680 : 330); flush(); });
  });
  addEventListener("afterprint", () => { printing = false; redraw(); });
})();
