// What the other scripts share, and the start.

const byId = (id) => document.getElementById(id);
const readData = (id) => JSON.parse(byId(id).textContent);
const grouped = (n) => n.toLocaleString("en");
const counted = (n, one, many = one + "s") => `${grouped(n)} ${n === 1 ? one : many}`;
const percent = (value) => (Number.isNaN(value) ? "undefined" : (100 * value).toFixed(2) + "%");
const signed = (value, digits = 3) => (value < 0 ? "\u2212" : "+") + Math.abs(value).toFixed(digits);
const sideOf = (value) => (value > 0 ? "adds" : value < 0 ? "takes" : "");

function element(name, text, attributes = {}) {
  return withAttributes(document.createElement(name), text, attributes);
}

function drawn(name, attributes, text) {
  return withAttributes(document.createElementNS("http://www.w3.org/2000/svg", name), text, attributes);
}

function withAttributes(made, text, attributes) {
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

document.documentElement.classList.add("live");
const model = makeModel(readData("model-data"));
setUpThreshold(readData("threshold-data"), setUpPlayground(model));
setUpWords(model);
setUpStep(model, readData("step-data"));

// In a console: sentiment.score("a text"), and sentiment.takeStep of step.js.
function finished(steps) {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
window.sentiment = {
  takeStep,
  score(text, threshold = model.threshold) {
    const found = finished(model.score(text));
    return { ...found, flip: finished(model.fewestToFlip(found, threshold)) };
  },
};
