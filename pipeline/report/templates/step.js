// One step of stochastic gradient descent on a review, as `pipeline/inspection/trace.py` takes it.

// The names are those of the lesson: z, a, L, w, b, x. The words that are not listed are one term
// in all: `product` is the sum of their x w, and `squares` that of their x x.

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

// Rates that a reader can type, from 1e-5 to 10, and the one to start from.
function ratesWith(own) {
  const rates = new Set([own]);
  for (let power = -5; power < 1; power++) for (const digit of [1, 1.5, 2, 3, 5, 7]) rates.add(Number(`${digit}e${power}`));
  return [...rates.add(10)].sort((p, q) => p - q);
}

// Numbers with as many decimals as the longest of them needs, as in `sentiment trace`.
function aligned(values, most) {
  const needed = values.map((value) => value.toFixed(most).split(".")[1].replace(/0+$/, "").length);
  const decimals = Math.max(2, ...needed);
  return values.map((value) => signed(value, decimals));
}

// An argument as a shell takes it.
function inShell(text) {
  return /^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function setUpStep(model, data) {
  const SHOWN = 10;
  const review = byId("step-review"), box = byId("step-text"), rate = byId("step-rate");
  let start, chosen, rates, now, losses, latest = 0, showsAll = false;

  function startOf({ words, x, weights, intercept, others, ...rest }) {
    return {
      rule: data.rule, decimals: 6, ...rest, x, words: words ? words.split("\n") : [], n: others.n, squares: others.squares,
      first: { w: weights, b: intercept, product: others.product },
    };
  }

  // What `embedded_steps` does in Python, of a text that is typed.
  async function typed(text, isCurrent) {
    const { tokens, counts, nUnknown } = await inSlices(model.score(text), isCurrent);
    const length = model.lengthOf(counts);
    const terms = [...counts].map(([word, count]) => {
      const x = Math.fround(count / length), w = model.vectors[0][model.columnOf(word)];
      return { word, x, w, size: Math.abs(x * w) };
    });
    terms.sort((p, q) => q.size - p.size || q.x - p.x || (p.word < q.word ? -1 : 1));
    const shown = terms.slice(0, data.most_terms), others = terms.slice(data.most_terms);
    const total = (value) => others.reduce((sum, term) => sum + value(term), 0);
    return {
      // Of the weights in the page, which are rounded, four decimals can be told for sure.
      y: 1, decimals: 4, words: shown.map(({ word }) => word), x: shown.map(({ x }) => x), n: others.length,
      squares: total(({ x }) => x * x), rule: data.rule, n_tokens: tokens.length, n_unknown: nUnknown,
      first: { w: shown.map(({ w }) => w), b: model.intercepts[0], product: total(({ x, w }) => x * w) },
    };
  }

  // Start from another review, or from more of a text, which keeps the label and the rate.
  async function choose() {
    const mine = ++latest, name = review.value, isOwn = name === "own";
    const article = document.querySelector(`#reviews article[data-row="${name}"] .text`);
    byId("step-typed").hidden = !isOwn;
    byId("step-shown").hidden = !article;
    byId("step-result").setAttribute("aria-busy", "true");
    if (article) byId("step-shown").replaceChildren(...article.cloneNode(true).childNodes);
    const found = isOwn
      ? await typed(box.value, () => mine === latest)
      : startOf(name === "textbook" ? data.textbook : data.reviews[name]);
    if (mine !== latest) return;
    start = found;
    if (name !== chosen) {
      chosen = name;
      rates = ratesWith(start.rule.learning_rate);
      rate.max = rates.length - 1;
      rate.value = rates.indexOf(start.rule.learning_rate);
      byId(start.y ? "step-positive" : "step-negative").checked = true;
    }
    reset();
    byId("step-result").setAttribute("aria-busy", "false");
  }

  function reset() {
    now = start.first;
    losses = [];
    show();
  }

  const label = () => Number(byId("step-positive").checked);
  const rule = () => ({ ...start.rule, learning_rate: rates[rate.value] });

  function take(times) {
    for (let k = 0; k < times; k++) {
      const { before, next } = takeStep(start, now, label(), rule());
      losses.push(before);
      now = next;
    }
    show();
  }

  function show() {
    const y = label(), step = takeStep(start, now, y, rule());
    byId("step-rate-value").textContent = rates[rate.value];
    rate.setAttribute("aria-valuetext", rates[rate.value]);
    showScores(step, y);
    showTerms(step);
    showWords(y);
    drawSigmoid(step, y);
    drawLosses(step);
  }

  function showScores({ before, after, error }, y) {
    const cells = document.querySelectorAll("#step-scores td");
    const values = [before.z, after.z, before.a, after.a, before.loss, after.loss, error, after.a - y];
    values.forEach((value, k) => {
      const isSigned = k < 2 || k > 5;
      cells[k + 1].textContent = isSigned ? signed(value, 4) : value.toFixed(4);
    });
    byId("step-loss-formula").replaceChildren(y ? "\u2212ln " : "\u2212ln(1 \u2212 ", element("var", "a"), y ? "" : ")");
    byId("step-count").textContent = losses.length
      ? `${counted(losses.length, "step")} taken: the loss went from ${losses[0].loss.toFixed(4)} to ${before.loss.toFixed(4)}.`
      : "";
  }

  function showTerms({ before, error, gradient, next }) {
    const { words, x, n, decimals } = start, align = (values) => aligned(values, decimals), isShown = (_, j) => showsAll || j < SHOWN;
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
    byId("step-more").hidden = words.length <= SHOWN;
    byId("step-more").textContent = showsAll ? `Show ${SHOWN} terms` : `Show ${words.length} terms`;
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

  // The sentences: what x is, the penalty, the other weights, the command.
  function showWords(y) {
    const { l2, learning_rate } = rule(), isTextbook = review.value === "textbook";
    const n = start.words.length + start.n, nOthers = data.n_features - n;
    const unknown = start.n_unknown ? `, ${grouped(start.n_unknown)} of them unknown to the model` : "";
    byId("step-size").textContent = isTextbook
      ? "A review has 3 words of a positive lexicon and 2 of a negative one. All weights are 0."
      : `${counted(start.n_tokens, "token")}${unknown}. ${grouped(n)} of the ${grouped(data.n_features)} counts x are not zero.`;
    for (const sentence of document.querySelectorAll("#step .penalty")) sentence.hidden = !l2;
    byId("step-lambda").textContent = l2 < 1e-4 ? l2.toExponential() : l2;
    byId("step-n-others").textContent = grouped(nOthers);
    byId("step-factor").textContent = Number((1 - learning_rate * l2).toPrecision(10));
    const squares = start.x.reduce((sum, count) => sum + count * count, start.squares + 1);
    byId("step-squares").textContent = grouped(Number(squares.toPrecision(6)));
    const isOfRow = review.value in data.reviews && y === start.y;
    const which = isTextbook ? "" : isOfRow ? ` RUN --row ${review.value}` : ' RUN "TEXT"';
    const labelled = isOfRow ? "" : ` --label ${inShell(model.classes[y])}`;
    byId("step-folder").hidden = isTextbook;
    byId("step-command").textContent = inert(`sentiment trace${which}${labelled} --learning-rate ${learning_rate}`);
  }

  // Axes, and the place of a point in a picture whose values go from `low` to `high`.
  function axes(picture, [left, right, bottom, top], marks, ticks) {
    const WIDE = 331, TALL = picture.viewBox.baseVal.height;
    const place = (x, y) => [
      34 + ((x - left) / (right - left)) * (WIDE - 46), TALL - 22 - ((y - bottom) / (top - bottom)) * (TALL - 32),
    ];
    const parts = marks.flatMap((y) => {
      const [x1, y1] = place(left, y), [x2] = place(right, y);
      return [drawn("line", { x1, x2, y1, y2: y1, class: "grid" }), drawn("text", { x: x1 - 5, y: y1 + 3, class: "left" }, y)];
    });
    for (const x of ticks) {
      const [at, base] = place(x, bottom);
      parts.push(drawn("text", { x: at, y: base + 13 }, String(x).replace("-", "\u2212")));
    }
    picture.replaceChildren(...parts);
    return place;
  }

  const lineOf = (points) => points.map((point) => point.map((value) => value.toFixed(2)).join(",")).join(" ");
  const pointAt = ([cx, cy], name, r = 5) => drawn("circle", { cx, cy, r, class: name });

  function drawSigmoid({ before, after }, y) {
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

  function drawLosses({ before, after }) {
    const values = [...losses, before, after].map(({ loss }) => loss), n = values.length - 1;
    const top = Math.max(...values), high = top > 1 ? Math.ceil(top) : Math.ceil(10 * top) / 10 || 0.1;
    const picture = byId("step-losses"), place = axes(picture, [-0.03 * n, n, 0, high], [0, high / 2, high], [0, n]);
    const points = values.map((loss, k) => place(k, loss));
    picture.append(
      drawn("polyline", { points: lineOf(points.slice(0, -1)), class: "path" }),
      drawn("polyline", { points: lineOf(points.slice(-2)), class: "error" }),
      pointAt(points[n - 1], "now"), pointAt(points[n], "next"),
    );
    picture.setAttribute("aria-label", `The loss by step: from ${values[0].toFixed(4)} to ${before.loss.toFixed(4)} now, and ${after.loss.toFixed(4)} after the next step.`);
  }

  review.addEventListener("change", choose);
  box.addEventListener("input", choose);
  rate.addEventListener("input", show);
  for (const id of ["step-negative", "step-positive"]) byId(id).addEventListener("change", show);
  byId("step-take").addEventListener("click", () => take(1));
  byId("step-ten").addEventListener("click", () => take(10));
  byId("step-reset").addEventListener("click", reset);
  byId("step-more").addEventListener("click", () => {
    showsAll = !showsAll;
    show();
  });
  choose();
}
