// One step of stochastic gradient descent on a review, as `pipeline/inspection/trace.py` takes it.

function scored(z, y) {
  return { z, a: probabilityOf(z), loss: Math.max(z, 0) - y * z + Math.log1p(Math.exp(-Math.abs(z))) };
}

function scoreOf(x, { w, b, product }) {
  return w.reduce((sum, weight, j) => sum + x[j] * weight, 0) + product + b;
}

function takeStep({ x, squares }, now, y, { learning_rate, l2 }) {
  const before = scored(scoreOf(x, now), y), error = before.a - y;
  const gradient = x.map((count, j) => error * count + l2 * now.w[j]);
  const next = {
    w: now.w.map((weight, j) => weight - learning_rate * gradient[j]),
    b: now.b - learning_rate * error,
    product: now.product - learning_rate * (error * squares + l2 * now.product),
  };
  return { before, error, gradient, next, after: scored(scoreOf(x, next), y) };
}

// Numbers with as many decimals as the longest of them needs, as in `sentiment trace`.
function aligned(values, most) {
  const needed = values.map((value) => value.toFixed(most).split(".")[1].replace(/0+$/, "").length);
  const decimals = Math.max(2, ...needed);
  return values.map((value) => signed(value, decimals));
}

// How two classes show a step: one score, the log-odds; the sigmoid; the terms and how they move.
function stepForm(model) {
  function showScores({ before, after, error }, y) {
    const cells = document.querySelectorAll("#step-scores td");
    const values = [before.z, after.z, before.a, after.a, before.loss, after.loss, error, after.a - y];
    values.forEach((value, k) => {
      const isSigned = k < 2 || k > 5;
      cells[k + 1].textContent = isSigned ? signed(value, 4) : value.toFixed(4);
    });
    byId("step-loss-formula").replaceChildren(y ? "\u2212ln " : "\u2212ln(1 \u2212 ", element("var", "a"), y ? "" : ")");
  }

  function showTerms({ before, error, gradient, next }, { start, now, n: nShown }) {
    // Of weights that are rounded, four decimals can be told for sure.
    const { words, x, n, isExact } = start, align = (values) => aligned(values, isExact ? 6 : 4), isShown = (_, j) => j < nShown;
    const w = now.w.filter(isShown), shown = w.map((weight, j) => x[j] * weight);
    const nOthers = n + words.length - w.length;
    const others = now.product + now.w.reduce((sum, weight, j) => sum + (j < w.length ? 0 : x[j] * weight), 0);
    const products = align([...shown, others, now.b, before.z]), [ofOthers, ofB, z] = products.splice(w.length);
    const weights = align([...w, now.b]), gradients = align([...gradient.filter(isShown), error]);
    const news = align([...next.w.filter(isShown), next.b]);
    const ways = [...w.keys(), "b"].map((j) => {
      const [first, here, there] = [start.first, now, next].map((each) => (j === "b" ? each.b : each.w[j]));
      return [here - first, there - first];
    });
    const most = Math.max(...ways.flat().map(Math.abs)) || 1;
    const row = (name, moved, cells, attributes = {}) => {
      const made = element("tr", undefined, attributes), picture = element("td");
      if (moved) picture.append(drawMove(moved.map((way) => way / most)));
      made.append(element("th", name, { scope: "row", dir: "auto" }), picture, ...cells.map((cell) => element("td", cell)));
      return made;
    };
    const rows = w.map((_, j) => {
      const cells = [String(Number(x[j].toPrecision(6))), weights[j], products[j], gradients[j], news[j]];
      const made = row(words[j], ways[j], cells);
      made.children[4].className = sideOf(shown[j]);
      return made;
    });
    if (nOthers) rows.push(row(`(${counted(nOthers, "other term")})`, null, ["", "\u2026", ofOthers, "\u2026", "\u2026"]));
    rows.push(row("(intercept)", ways.at(-1), ["", weights.at(-1), ofB, gradients.at(-1), news.at(-1)]));
    rows.push(row("z", null, ["", "", z, "", ""], { class: "ours" }));
    document.querySelector("#step-terms tbody").replaceChildren(...rows);
  }

  // How far a weight has moved from the start, now and after the step; the start is in the middle.
  function drawMove(ways) {
    const picture = drawn("svg", { viewBox: "0 0 120 14", "aria-hidden": "true" });
    const [now, next] = ways.map((way) => 60 + 54 * way);
    picture.append(
      drawn("line", { x1: 60, x2: 60, y1: 0, y2: 14, class: "grid" }),
      drawn("polyline", { points: `60,7 ${now},7` }), drawn("line", { x1: now, x2: next, y1: 7, y2: 7, class: "error" }),
      pointAt([now, 7], "now", 4), pointAt([next, 7], "next", 4),
    );
    return picture;
  }

  function drawSigmoid({ before, after }, y, losses) {
    const most = Math.max(6, ...[before, after, ...losses].map(({ z }) => Math.abs(z)));
    const edge = most > 12 ? 10 * Math.ceil(most / 10) : 2 * Math.ceil(most / 2), picture = byId("step-sigmoid");
    const place = axes(picture, [-edge, edge, 0, 1], [0, 0.5, 1], [-edge, -edge / 2, 0, edge / 2, edge]);
    const curve = Array.from({ length: 241 }, (_, k) => ((k - 120) * edge) / 120);
    const at = ({ z, a }) => place(z, a), [x1, y1] = at(before), [, y2] = place(0, y);
    picture.append(
      drawn("polyline", { points: lineOf(curve.map((z) => place(z, probabilityOf(z)))), class: "curve" }),
      drawn("line", { x1, x2: x1, y1, y2, class: "error" }),
      ...losses.slice(-100).map((point) => pointAt(at(point), "past", 2.5)),
      pointAt(at(before), "now"), pointAt(at(after), "next"),
    );
    const said = ({ z, a }) => `z = ${signed(z, 4)}, a = ${a.toFixed(4)}`;
    picture.setAttribute("aria-label", `The sigmoid of z. Now ${said(before)}; after the step ${said(after)}. The label is ${y}.`);
  }

  return {
    weightOf: (column) => model.vectors[0][column],
    sizeOf: (x, w) => Math.abs(x * w),
    productOf: (terms) => terms.reduce((sum, { x, w }) => sum + x * w, 0),
    intercept: model.intercepts[0],
    show(step, y, state) {
      showScores(step, y);
      showTerms(step, state);
      drawSigmoid(step, y, state.losses);
    },
  };
}
