// The threshold: the slider, the counts and rates at it, and its marks in the figures.

function setUpThreshold(data, onChange) {
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
    const [left, top, right, bottom] = mark.dataset.box.split(" ").map(Number);
    const [low, high] = mark.dataset.limits.split(" ").map(Number);
    const along = (value, from, to) => from + ((value - low) / (high - low)) * (to - from);
    const isHidden = Number.isNaN(x) || Number.isNaN(y);
    mark.toggleAttribute("hidden", isHidden);
    if (isHidden) return;
    const names = mark.tagName === "line" ? ["x1", "x2"] : ["cx"];
    for (const name of names) mark.setAttribute(name, along(x, left, right));
    if (mark.tagName === "circle") mark.setAttribute("cy", along(y, bottom, top));
  }

  function show(now) {
    byId("threshold-value").textContent = now.threshold.toFixed(3);
    slider.setAttribute("aria-valuetext", now.threshold.toFixed(3));
    for (const cell of ["tn", "fp", "fn", "tp"]) byId(cell).textContent = grouped(now[cell]);
    for (const rate of ["accuracy", "precision", "recall", "f1", "falsePositiveRate", "negativePrecision"]) {
      byId(`rate-${rate}`).textContent = percent(now[rate]);
    }
    place("mark-scores", now.threshold, 0);
    place("mark-roc", now.falsePositiveRate, now.recall);
    place("mark-precision_recall", now.recall, now.precision);
    onChange(now.threshold);
  }

  slider.addEventListener("input", () => show(at(Number(slider.value))));
  byId("threshold-reset").addEventListener("click", () => {
    slider.value = slider.defaultValue;
    show(own);
  });
  // A browser that reloads a page may restore the slider's last position.
  slider.value = slider.defaultValue;
  show(own);
}
