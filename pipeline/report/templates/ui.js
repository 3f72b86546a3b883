// What moves in the page: the threshold, the table of words, the playground.

const byId = (id) => document.getElementById(id);
const readData = (id) => JSON.parse(byId(id).textContent);
const count = (value) => value.toLocaleString("en");
const percent = (value) => (Number.isNaN(value) ? "undefined" : (100 * value).toFixed(2) + "%");
const signed = (value, digits = 3) => (value < 0 ? "\u2212" : "+") + Math.abs(value).toFixed(digits);

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// Threshold

function setUpThreshold(data) {
  const slider = byId("threshold");

  function ratesOf(threshold, tp, fp) {
    const fn = data.n_positive - tp, tn = data.n_negative - fp;
    return {
      threshold, tn, fp, fn, tp,
      accuracy: (tp + tn) / (tp + tn + fp + fn),
      precision: tp / (tp + fp),
      recall: tp / (tp + fn),
      f1: (2 * tp) / (2 * tp + fp + fn),
      falsePositiveRate: fp / (fp + tn),
      negativePrecision: tn / (tn + fn),
    };
  }

  const at = (k) => ratesOf(k / data.steps, data.true_positive[k - 1], data.false_positive[k - 1]);
  // The model's own threshold may lie between two steps of the slider.
  const own = ratesOf(data.own.threshold, data.own.true_positive, data.own.false_positive);

  function place(id, x, y) {
    const mark = byId(id);
    if (!mark) return;
    const [left, top, right, bottom] = mark.dataset.box.split(" ").map(Number);
    const [low, high] = mark.dataset.range.split(" ").map(Number);
    const along = (value, from, to) => from + ((value - low) / (high - low)) * (to - from);
    const hidden = Number.isNaN(x) || Number.isNaN(y);
    mark.toggleAttribute("hidden", hidden);
    if (hidden) return;
    if (mark.tagName === "line") {
      mark.setAttribute("x1", along(x, left, right));
      mark.setAttribute("x2", along(x, left, right));
    } else {
      mark.setAttribute("cx", along(x, left, right));
      mark.setAttribute("cy", along(y, bottom, top));
    }
  }

  function show(now) {
    byId("threshold-value").textContent = now.threshold.toFixed(3);
    slider.setAttribute("aria-valuetext", now.threshold.toFixed(3));
    for (const cell of ["tn", "fp", "fn", "tp"]) byId(cell).textContent = count(now[cell]);
    for (const rate of ["accuracy", "precision", "recall", "f1", "falsePositiveRate", "negativePrecision"]) {
      byId(`rate-${rate}`).textContent = percent(now[rate]);
    }
    place("mark-scores", now.threshold, 0);
    place("mark-roc", now.falsePositiveRate, now.recall);
    place("mark-precision_recall", now.recall, now.precision);
  }

  slider.addEventListener("input", () => show(at(Number(slider.value))));
  byId("threshold-reset").addEventListener("click", () => {
    slider.value = slider.defaultValue;
    show(own);
  });
  // A browser that reloads a page may keep what the slider was moved to.
  slider.value = slider.defaultValue;
  show(own);
  return at;
}

// Words

function setUpWords(model) {
  const PAGE = 12;
  const columns = {
    word: model.words, weight: model.weights, low: model.low, reviews: model.reviews,
    negative: model.negative, positive: model.positive,
  };
  const body = byId("words-body"), search = byId("words-search");
  let order = [], page = 0, key = "size", descending = true;

  function value(column) {
    return key === "size" ? Math.abs(model.weights[column]) : columns[key][column];
  }

  function choose() {
    const wanted = search.value.trim().toLowerCase().replaceAll("\u2019", "'");
    order = [];
    for (let k = 0; k < model.words.length; k++) {
      if (!wanted || model.words[k].toLowerCase().includes(wanted)) order.push(k);
    }
    const side = descending ? -1 : 1;
    order.sort((a, b) => {
      const [u, v] = [value(a), value(b)];
      return side * (u < v ? -1 : u > v ? 1 : 0) || a - b;
    });
    // What was typed comes first, if it is a word.
    const exact = wanted ? order.findIndex((k) => model.words[k] === wanted) : -1;
    if (exact > 0 && key === "size") order.unshift(...order.splice(exact, 1));
    page = 0;
    show();
  }

  function show() {
    const pages = Math.max(1, Math.ceil(order.length / PAGE));
    body.replaceChildren(
      ...order.slice(page * PAGE, (page + 1) * PAGE).map((k) => {
        const row = element("tr"), weight = model.weights[k];
        row.append(element("th", model.words[k], { scope: "row" }));
        const kind = weight > 0 ? "adds" : weight < 0 ? "takes" : "";
        row.append(element("td", signed(weight, 4), { class: kind }));
        if (model.low) {
          const [low, high] = [model.low[k], model.high[k]];
          const unsure = low <= 0 && high >= 0 ? " ?" : "";
          row.append(element("td", `${signed(low)} … ${signed(high)}${unsure}`));
        }
        for (const name of ["reviews", "negative", "positive"]) {
          if (columns[name]) row.append(element("td", count(columns[name][k])));
        }
        return row;
      }),
    );
    byId("words-count").textContent =
      `${count(order.length)} ${order.length === 1 ? "word" : "words"}, page ${count(page + 1)} of ${count(pages)}`;
    byId("words-previous").disabled = page === 0;
    byId("words-next").disabled = page + 1 >= pages;
  }

  for (const button of document.querySelectorAll("#words-table thead button")) {
    button.addEventListener("click", () => {
      descending = key === button.dataset.key ? !descending : button.dataset.key !== "word";
      key = button.dataset.key;
      for (const head of document.querySelectorAll("#words-table thead th")) head.removeAttribute("aria-sort");
      button.closest("th").setAttribute("aria-sort", descending ? "descending" : "ascending");
      choose();
    });
  }
  search.addEventListener("input", choose);
  byId("words-previous").addEventListener("click", () => { page -= 1; show(); });
  byId("words-next").addEventListener("click", () => { page += 1; show(); });
  choose();
}

// Playground

function setUpPlayground(model) {
  const box = byId("playground-text");
  if (!box) return;

  function highlighted(text, tokens) {
    const largest = tokens.reduce((most, { contribution }) => Math.max(most, Math.abs(contribution)), 0);
    const parts = new DocumentFragment();
    let here = 0;
    for (const { start, end, contribution } of tokens) {
      parts.append(text.slice(here, start));
      const spelled = text.slice(start, end), share = Math.abs(contribution) / largest;
      if (share > 0.1) {
        const level = Math.min(5, Math.ceil(5 * share));
        parts.append(element("mark", spelled, {
          class: (contribution > 0 ? "p" : "n") + level,
          title: signed(contribution),
        }));
      } else parts.append(spelled);
      here = end;
    }
    parts.append(text.slice(here));
    return parts;
  }

  function show() {
    const text = box.value, found = model.score(text);
    const output = byId("playground-result");
    output.dataset.probability = found.probability;
    output.dataset.logOdds = found.logOdds;
    byId("playground-label").textContent = found.positive ? "positive" : "negative";
    byId("playground-label").className = found.positive ? "adds" : "takes";
    byId("playground-probability").textContent = found.probability.toFixed(4);
    byId("playground-meter").value = found.probability;
    byId("playground-odds").textContent = signed(found.logOdds);
    byId("playground-shown").replaceChildren(highlighted(text, found.tokens));
    const other = found.positive ? "negative" : "positive";
    byId("playground-flip").textContent = !found.tokens.length
      ? "Without a known word there is only the intercept."
      : found.flip === null
        ? `No words can be removed that would make it ${other}.`
        : `Without ${found.flip.map((word) => `\u201c${word}\u201d`).join(", ")} it would be ${other}.`;
    output.dataset.flip = JSON.stringify(found.flip);
    const strongest = [...found.features].sort((a, b) => Math.abs(b[1]) - Math.abs(a[1])).slice(0, 8);
    byId("playground-words").replaceChildren(
      ...strongest.map(([name, added]) => {
        const row = element("tr");
        row.append(element("th", name, { scope: "row" }), element("td", signed(added), { class: added > 0 ? "adds" : "takes" }));
        return row;
      }),
    );
    byId("playground-unknown").textContent = found.unknown
      ? `${count(found.unknown)} of ${count(found.tokens.length)} tokens are in no known word.` : "";
  }

  box.addEventListener("input", show);
  for (const button of document.querySelectorAll("#playground button[data-text]")) {
    button.addEventListener("click", () => {
      box.value = button.dataset.text;
      show();
      box.focus();
    });
  }
  show();
}

// In a console: sentiment.score("a text"), sentiment.at(500).
document.documentElement.classList.add("live");
const model = makeModel(readData("model-data"));
const at = setUpThreshold(readData("threshold-data"));
setUpWords(model);
setUpPlayground(model);
window.sentiment = { score: model.score, at };
