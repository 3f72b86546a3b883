// The table of words: search, sort, turn pages.

function setUpWords(model) {
  const PAGE = 12;
  // Of more than two classes, a column of weights for each, and no counts by class.
  const weights = Object.fromEntries(model.shown.map((each, k) => [model.shown.length > 1 ? `weight-${k}` : "weight", each]));
  const counts = model.negative ? ["reviews", "negative", "positive"] : ["reviews"];
  const columns = {
    word: model.words, low: model.low, reviews: model.reviews, negative: model.negative, positive: model.positive,
    ...weights,
  };
  const body = byId("words-body"), search = byId("words-search");
  let order = [], page = 0, key = "size", descending = true;

  function valueOf(k) {
    return key === "size" ? model.sizes[k] : columns[key][k];
  }

  function choose() {
    const wanted = search.value.trim().toLowerCase().replaceAll("\u2019", "'");
    order = [];
    for (let k = 0; k < model.words.length; k++) {
      if (!wanted || model.words[k].toLowerCase().includes(wanted)) order.push(k);
    }
    const side = descending ? -1 : 1;
    order.sort((a, b) => {
      const [u, v] = [valueOf(a), valueOf(b)];
      return side * (u < v ? -1 : u > v ? 1 : 0) || a - b;
    });
    // An exact match comes first.
    const exact = wanted ? order.findIndex((k) => model.words[k] === wanted) : -1;
    if (exact > 0 && key === "size") order.unshift(...order.splice(exact, 1));
    page = 0;
    show();
  }

  function rowOf(k) {
    const row = element("tr");
    row.append(element("th", model.words[k], { scope: "row", dir: "auto" }));
    model.shown.forEach((weights, number) => {
      const weight = weights[k], kind = Math.abs(weight) < model.faint ? "faint" : sideOf(weight);
      const unsure = model.uncertain?.[number * model.words.length + k] ? " ?" : "";
      row.append(element("td", signed(weight, 4) + unsure, { class: kind }));
    });
    if (model.low) {
      const [low, high] = [model.low[k], model.high[k]];
      const unsure = low <= 0 && high >= 0 ? " ?" : "";
      row.append(element("td", `${signed(low)} … ${signed(high)}${unsure}`));
    }
    for (const name of counts) row.append(element("td", grouped(columns[name][k])));
    return row;
  }

  function show() {
    const pages = Math.max(1, Math.ceil(order.length / PAGE));
    body.replaceChildren(...order.slice(page * PAGE, (page + 1) * PAGE).map(rowOf));
    byId("words-count").textContent = `${counted(order.length, "word")}, page ${grouped(page + 1)} of ${grouped(pages)}`;
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
