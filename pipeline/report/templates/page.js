// What the other scripts share, and the start.

const byId = (id) => document.getElementById(id);
const readData = (id) => JSON.parse(byId(id).textContent);
const grouped = (n) => n.toLocaleString("en");
const counted = (n, one, many = one + "s") => `${grouped(n)} ${n === 1 ? one : many}`;
const percent = (value) => (Number.isNaN(value) ? "undefined" : (100 * value).toFixed(2) + "%");
const signed = (value, digits = 3) => (value < 0 ? "\u2212" : "+") + Math.abs(value).toFixed(digits);
const sideOf = (value) => (value > 0 ? "adds" : value < 0 ? "takes" : "");

// Text with each character that acts on what is around it written as in Python: pipeline/boundary/inert.py.
const ACTING =
  /(\u{1f3f4}[\u{e0030}-\u{e007a}]{3,6}\u{e007f})|(\r(?=\n))|[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u206f\ufff9-\ufffb\ud800-\udfff\u{e0000}-\u{e00ff}\u{e01f0}-\u{e0fff}]/gu;

function inert(text) {
  return text.replace(ACTING, (character, flag, beforeBreak) => {
    if (flag || beforeBreak) return flag ?? "";
    const code = character.codePointAt(0), digits = code.toString(16);
    if (character === "\r") return "\\r";
    if (code < 0x100) return "\\x" + digits.padStart(2, "0");
    return code < 0x10000 ? "\\u" + digits.padStart(4, "0") : "\\U" + digits.padStart(8, "0");
  });
}

// A name in a sentence, isolated (U+2068, U+2069), so that words from right to left keep their place.
const isolated = (name) => `\u2068${inert(name)}\u2069`;

function element(name, text, attributes = {}) {
  return withAttributes(document.createElement(name), text, attributes);
}

function drawn(name, attributes, text) {
  return withAttributes(document.createElementNS("http://www.w3.org/2000/svg", name), text, attributes);
}

function withAttributes(made, text, attributes) {
  if (text !== undefined) made.textContent = inert(String(text));
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

document.documentElement.classList.add("live");
const model = makeModel(readData("model-data"));
const showAt = setUpPlayground(model);
if (model.classes.length > 2) showAt(model.threshold);
else setUpThreshold(readData("threshold-data"), showAt);
setUpWords(model);
setUpStep(model, readData("step-data"));

// In a console: sentiment.score("a text"), and sentiment.takeStep.
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
