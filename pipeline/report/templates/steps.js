// "One step" of the page: the review, the label, the rate, the steps that were taken, the loss.
// What a step is, and how it is shown, is in step.js for two classes and in class_step.js for more:
// `takeStep` and `stepForm`.

// The names are those of the lesson: z, L, w, b, x. The words that are not listed are one term in
// all: `product` is the sum of their x w, and `squares` that of their x x.

// Rates that a reader can type, from 1e-5 to 10, and the one to start from.
function ratesWith(own) {
  const rates = new Set([own]);
  for (let power = -5; power < 1; power++) for (const digit of [1, 1.5, 2, 3, 5, 7]) rates.add(Number(`${digit}e${power}`));
  return [...rates.add(10)].sort((p, q) => p - q);
}

// An argument as a shell takes it.
function inShell(text) {
  return /^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
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

function drawLosses({ before, after }, losses) {
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

function setUpStep(model, data) {
  const SHOWN = 10;
  const review = byId("step-review"), box = byId("step-text"), rate = byId("step-rate"), form = stepForm(model);
  let start, chosen, rates, now, losses, latest = 0, showsAll = false;

  function startOf({ words, x, weights, intercept, others, ...rest }) {
    return {
      rule: data.rule, isExact: true, ...rest, x, words: words ? words.split("\n") : [], n: others.n, squares: others.squares,
      first: { w: weights, b: intercept, product: others.product },
    };
  }

  // What `embedded_steps` does in Python, of a text that is typed.
  async function typed(text, isCurrent) {
    const { tokens, counts, nUnknown } = await inSlices(model.score(text), isCurrent);
    const length = model.lengthOf(counts);
    const terms = [...counts].map(([word, count]) => {
      const x = Math.fround(count / length), w = form.weightOf(model.columnOf(word));
      return { word, x, w, size: form.sizeOf(x, w) };
    });
    terms.sort((p, q) => q.size - p.size || q.x - p.x || (p.word < q.word ? -1 : 1));
    const shown = terms.slice(0, data.most_terms), others = terms.slice(data.most_terms);
    return {
      // The weights in the page are rounded.
      y: model.classes.length - 1, isExact: false, words: shown.map(({ word }) => word), x: shown.map(({ x }) => x), n: others.length,
      squares: others.reduce((sum, { x }) => sum + x * x, 0), rule: data.rule, n_tokens: tokens.length, n_unknown: nUnknown,
      first: { w: shown.map(({ w }) => w), b: form.intercept, product: form.productOf(others) },
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
      byId(`step-label-${start.y}`).checked = true;
    }
    reset();
    byId("step-result").setAttribute("aria-busy", "false");
  }

  function reset() {
    now = start.first;
    losses = [];
    show();
  }

  const label = () => Number(document.querySelector("[name=step-label]:checked").value);
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
    byId("step-count").textContent = losses.length
      ? `${counted(losses.length, "step")} taken: the loss went from ${losses[0].loss.toFixed(4)} to ${step.before.loss.toFixed(4)}.`
      : "";
    byId("step-more").hidden = start.words.length <= SHOWN;
    byId("step-more").textContent = showsAll ? `Show ${SHOWN} terms` : `Show ${start.words.length} terms`;
    form.show(step, y, { start, now, losses, n: showsAll ? start.words.length : Math.min(SHOWN, start.words.length) });
    showWords(y);
    drawLosses(step, losses);
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

  review.addEventListener("change", choose);
  box.addEventListener("input", choose);
  rate.addEventListener("input", show);
  for (const each of document.querySelectorAll("[name=step-label]")) each.addEventListener("change", show);
  form.onChange?.(show);
  byId("step-take").addEventListener("click", () => take(1));
  byId("step-ten").addEventListener("click", () => take(10));
  byId("step-reset").addEventListener("click", reset);
  byId("step-more").addEventListener("click", () => {
    showsAll = !showsAll;
    show();
  });
  choose();
}
