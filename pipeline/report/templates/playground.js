// The playground: a text, its prediction at the slider's threshold, and its words marked.

// Return the result of a generator that runs in slices of a few milliseconds, so that the page
// stays responsive. If the work is no longer current, it is dropped: the promise never resolves.
async function inSlices(steps, isCurrent) {
  const SLICE = 12;
  for (let start = performance.now(); ; ) {
    const { done, value } = steps.next();
    if (done) return value;
    if (performance.now() - start < SLICE) continue;
    await new Promise((resolve) => setTimeout(resolve));
    if (!isCurrent()) return new Promise(() => {});
    start = performance.now();
  }
}

// Characters of a text that are shown with marks: a browser takes seconds to lay out 100,000 marks.
const MOST_SHOWN = 30000;

// Return the function that shows the prediction at a threshold.
function setUpPlayground(model) {
  const box = byId("playground-text");
  if (!box) return () => {};
  const output = byId("playground-result");
  let latest = 0, threshold = model.threshold, scored = { text: null };

  // The text between two tokens, in which a break that was stripped breaks the line.
  function between(text) {
    const pieces = model.stripsBreaks ? text.split(new RegExp(HTML_BREAK, "i")) : [text];
    return pieces.flatMap((piece, k) => (k ? [element("br"), inert(piece)] : [inert(piece)]));
  }

  // A token as the text spells it, in a piece for each of its shares: highlights.py says how.
  function* spread(spelled, { token, shares }) {
    const letters = [...spelled], isMarked = token.startsWith("NOT_") && shares.length === [...token].length;
    const marked = isMarked && letters.length < shares.length ? 4 : 0;
    const sum = (values) => values.reduce((total, value) => total + value, 0);
    const ofMark = sum(shares.slice(0, marked)), ofWord = shares.slice(marked);
    const n = Math.max(1, Math.min(ofWord.length, letters.length));
    for (let k = 0; k < n; k++) {
      const part = (all) => all.slice(Math.floor((k * all.length) / n), Math.floor(((k + 1) * all.length) / n));
      yield [part(letters).join(""), sum(part(ofWord)) + ofMark / n];
    }
  }

  function* marked(text, tokens) {
    const spellings = [];
    let largest = 0;
    for (const token of tokens) {
      yield;
      const parts = [...spread(text.slice(token.start, token.end), token)];
      for (const [, contribution] of parts) largest = Math.max(largest, Math.abs(contribution));
      if (token.end <= MOST_SHOWN) spellings.push([token, parts]);
    }
    const pieces = new DocumentFragment();
    let here = 0;
    for (const [{ start, end }, parts] of spellings) {
      yield;
      pieces.append(...between(text.slice(here, start)));
      for (const [spelled, contribution] of parts) {
        const share = Math.abs(contribution) / largest;
        if (share > 0.1) {
          const level = Math.min(5, Math.ceil(5 * share));
          const attributes = { class: (contribution > 0 ? "p" : "n") + level, title: signed(contribution) };
          pieces.append(element("mark", spelled, attributes));
        } else pieces.append(inert(spelled));
      }
      here = end;
    }
    pieces.append(...between(text.slice(here, MOST_SHOWN)));
    return pieces;
  }

  function showScore({ text, tokens, contributions, probability, nUnknown }, pieces) {
    byId("playground-unknown").textContent = nUnknown ? `${counted(nUnknown, "word is", "words are")} unknown.` : "";
    byId("playground-cut").hidden = text.length <= MOST_SHOWN;
    byId("playground-shown").replaceChildren(pieces);
    const strongest = [...contributions].sort((a, b) => Math.abs(b[1]) - Math.abs(a[1])).slice(0, 8);
    byId("playground-words").replaceChildren(
      ...strongest.map(([name, added]) => {
        const row = element("tr"), kind = Math.abs(added) < model.faint ? "faint" : sideOf(added);
        row.append(element("th", name, { scope: "row", dir: "auto" }), element("td", signed(added), { class: kind }));
        return row;
      }),
    );
    output.dataset.probability = probability;
    output.hidden = !tokens.length;
    byId("playground-empty").hidden = tokens.length > 0;
  }

  // Show the probability of the second of two classes; return what to say of the prediction.
  function showSide({ logOdds, probability }) {
    const isSecond = isPositive(logOdds, threshold), [negative, positive] = model.classes;
    byId("playground-probability").textContent = probability.toFixed(4);
    byId("playground-meter").value = probability;
    byId("playground-odds").textContent = signed(logOdds);
    byId("playground-label").className = isSecond ? "adds" : "takes";
    byId("playground-side").textContent = isSecond ? "above" : "not above";
    byId("playground-threshold").textContent = threshold.toFixed(3);
    const [label, other] = isSecond ? [positive, negative] : [negative, positive];
    return { label, alone: "the intercept's", would: `it would be ${isolated(other)}`, not: `it ${isolated(other)}` };
  }

  // Show the probability of each of more than two classes; return the same.
  function showRanking({ ranking, probabilities }) {
    byId("playground-classes").replaceChildren(
      ...model.classes.map((name, k) => {
        const row = element("tr", undefined, { class: k === ranking[0] ? "ours" : "" }), bar = element("td");
        bar.append(element("meter", undefined, { min: 0, max: 1, value: probabilities[k], "aria-hidden": "true" }));
        row.append(element("th", name, { scope: "row", dir: "auto" }), bar, element("td", probabilities[k].toFixed(4)));
        return row;
      }),
    );
    const [first, second] = ranking.map((k) => model.classes[k]);
    for (const place of document.querySelectorAll("#playground .second")) place.textContent = inert(second);
    for (const place of document.querySelectorAll("#playground .first")) place.textContent = inert(first);
    const would = `${isolated(second)} would be more probable`;
    return { label: first, alone: "that of the intercepts", would, not: `${isolated(second)} more probable` };
  }

  function showPrediction(found, flip) {
    const said = found.ranking.length ? showRanking(found) : showSide(found);
    byId("playground-label").textContent = inert(said.label);
    const listed = flip?.slice(0, 12).map((word) => `\u201c${isolated(word)}\u201d`).join(", ");
    const more = flip?.length > 12 ? ` and ${counted(flip.length - 12, "other word")}` : "";
    byId("playground-flip").textContent = !found.contributions.size
      ? `No word is known: the prediction is ${said.alone} alone.`
      : flip === null
        ? `Removing words would not make ${said.not}.`
        : `Without ${listed}${more}, ${said.would}.`;
  }

  async function show() {
    const mine = ++latest, isCurrent = () => mine === latest, text = box.value;
    output.setAttribute("aria-busy", "true");
    if (text !== scored.text) {
      const found = { text, ...(await inSlices(model.score(text), isCurrent)) };
      showScore(found, await inSlices(marked(text, found.tokens), isCurrent));
      scored = found;
    }
    showPrediction(scored, await inSlices(model.fewestToFlip(scored, threshold), isCurrent));
    output.setAttribute("aria-busy", "false");
  }

  box.addEventListener("input", show);
  for (const button of document.querySelectorAll("#playground button[data-text]")) {
    button.addEventListener("click", () => {
      box.value = button.dataset.text;
      show();
      box.focus();
    });
  }
  return (value) => {
    threshold = value;
    show();
  };
}
