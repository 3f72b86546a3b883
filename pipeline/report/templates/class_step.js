// One step of softmax regression on a review, as `pipeline/inspection/class_trace.py` takes it.

// A term has a weight for each class, so `w` is a list of lists; `b` and `product` are lists.
function scored(z, y) {
  const highest = Math.max(...z), sum = z.reduce((total, score) => total + Math.exp(score - highest), 0);
  return { z, p: softmax(z), loss: Math.log(sum) + highest - z[y] };
}

function takeStep({ x, squares }, now, y, { learning_rate, l2 }) {
  const scoresOf = ({ w, b, product }) => b.map((own, k) => w.reduce((sum, of, j) => sum + x[j] * of[k], 0) + product[k] + own);
  const before = scored(scoresOf(now), y), errors = before.p.map((p, k) => p - (k === y ? 1 : 0));
  const gradient = x.map((count, j) => errors.map((error, k) => error * count + l2 * now.w[j][k]));
  const next = {
    w: now.w.map((of, j) => of.map((weight, k) => weight - learning_rate * gradient[j][k])),
    b: now.b.map((own, k) => own - learning_rate * errors[k]),
    product: now.product.map((sum, k) => sum - learning_rate * (errors[k] * squares + l2 * sum)),
  };
  return { before, errors, gradient, next, after: scored(scoresOf(next), y) };
}

// How more classes show a step: a row for each class, its probability, and the weights of two.
function stepForm(model) {
  const { classes } = model, other = byId("step-other");

  function row(name, cells, attributes = {}) {
    const made = element("tr", undefined, attributes);
    made.append(element("th", name, { scope: "row", dir: "auto" }), ...cells.map((cell) => element("td", cell)));
    return made;
  }

  function showScores({ before, after, errors }, y) {
    const rows = classes.map((name, k) => {
      const cells = [signed(before.z[k], 4), before.p[k].toFixed(4), signed(errors[k], 4), signed(after.z[k], 4), after.p[k].toFixed(4)];
      const made = row(undefined, cells, { class: k === y ? "ours" : "" });
      made.firstChild.append(`${k}, `, element("bdi", name));
      return made;
    });
    document.querySelector("#step-scores tbody").replaceChildren(...rows);
    byId("step-true").textContent = y;
    byId("step-p").textContent = Number(before.p[y].toPrecision(4));
    byId("step-loss").textContent = before.loss.toFixed(4);
    byId("step-new-loss").textContent = after.loss.toFixed(4);
  }

  // The other class whose weights are shown: that which was chosen, or the most probable one.
  function otherOf({ p }, y) {
    const others = [...classes.keys()].filter((k) => k !== y), chosen = Number(other.value);
    const wanted = other.value !== "" && chosen !== y ? chosen : others.reduce((most, k) => (p[k] > p[most] ? k : most));
    other.replaceChildren(...others.map((k) => element("option", `${k}, ${classes[k]}`, { value: k })));
    other.value = wanted;
    return wanted;
  }

  function showTerms({ before, gradient, errors, next }, y, { start, now, n }) {
    const { words, x } = start, shown = [y, otherOf(before, y)], nOthers = start.n + words.length - n;
    const of = (w, g, after) => shown.flatMap((k) => [w, g, after].map((values) => signed(values[k], 4)));
    const rows = words.slice(0, n).map((word, j) =>
      row(word, [String(Number(x[j].toPrecision(6))), ...of(now.w[j], gradient[j], next.w[j])]),
    );
    if (nOthers) rows.push(row(`(${counted(nOthers, "other term")})`, ["", ...Array(6).fill("\u2026")]));
    rows.push(row("(intercept)", ["", ...of(now.b, errors, next.b)]));
    document.querySelector("#step-terms tbody").replaceChildren(...rows);
    for (const [k, name] of ["true", "other"].entries()) {
      for (const place of document.querySelectorAll(`#step-terms .of-${name}`)) place.textContent = shown[k];
    }
  }

  function drawShares({ before, after }, losses) {
    const picture = byId("step-shares"), n = classes.length;
    const place = axes(picture, [-0.04, 1, n - 0.5, -0.5], [...classes.keys()], [0, 0.5, 1]);
    for (const k of classes.keys()) {
      const [x1, y1] = place(before.p[k], k), [x2] = place(after.p[k], k);
      picture.append(
        ...losses.slice(-100).map(({ p }) => pointAt(place(p[k], k), "past", 2.5)),
        drawn("line", { x1, x2, y1, y2: y1, class: "error" }), pointAt([x1, y1], "now"), pointAt([x2, y1], "next"),
      );
    }
    const said = classes.map((name, k) => `${name} ${before.p[k].toFixed(4)}, after the step ${after.p[k].toFixed(4)}`);
    picture.setAttribute("aria-label", inert(`The probability of each class: ${said.join("; ")}.`));
  }

  return {
    weightOf: (column) => model.vectors.map((weights) => weights[column]),
    sizeOf: (x, w) => Math.abs(x) * (Math.max(...w) - Math.min(...w)),
    productOf: (terms) => classes.map((_, k) => terms.reduce((sum, { x, w }) => sum + x * w[k], 0)),
    intercept: model.intercepts,
    show(step, y, state) {
      showScores(step, y);
      showTerms(step, y, state);
      drawShares(step, state.losses);
    },
    onChange: (show) => other.addEventListener("change", show),
  };
}
