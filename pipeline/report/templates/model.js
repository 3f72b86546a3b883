// The model: words, weights, and the score of a text, as in pipeline/inspection/highlights.py.
// What may take long is a generator that yields often, so that it can run in slices.

const HTML_BREAK = /<br[\t-\r ]*\/?>/;

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

// Counts are variable-length integers: seven bits a byte, low bits first.
function countsOf(base64, n) {
  const counts = new Uint32Array(n), bytes = bytesOf(base64);
  for (let k = 0, b = 0; k < n; k++) {
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[b++];
      counts[k] += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
  }
  return counts;
}

function isPositive(logOdds, threshold) {
  return probabilityOf(logOdds) > threshold;
}

function probabilityOf(z) {
  return z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z));
}

function makeModel(data) {
  const words = data.words ? data.words.split("\n") : [];
  const floats = (key) => (key in data ? new Float32Array(bytesOf(data[key]).buffer) : null);
  const weights = floats("weights");
  const negative = countsOf(data.negative, words.length), positive = countsOf(data.positive, words.length);
  const tokenise = data.tokenizer ? makeTokenizer(data.tokenizer) : null;
  let columns = null;

  function* score(text) {
    columns ??= new Map(words.map((word, column) => [word, column]));
    const tokens = yield* tokenise(text);
    const places = new Map();
    for (let start = 0; start < tokens.length; start++) {
      yield;
      let name = "";
      for (let n = 1; n <= data.longest && start + n <= tokens.length; n++) {
        name = n > 1 ? name + " " + tokens[start + n - 1].token : tokens[start].token;
        if (!columns.has(name)) continue;
        if (!places.has(name)) places.set(name, []);
        places.get(name).push([start, start + n]);
      }
    }
    const contributions = new Map(), counts = new Map(), known = new Set();
    for (const [name, found] of places) counts.set(name, data.binary ? 1 : found.length);
    const scale = 1 / lengthOf(counts);
    let logOdds = data.intercept;
    for (const token of tokens) token.contribution = 0;
    for (const [name, found] of places) {
      yield;
      const added = weights[columns.get(name)] * counts.get(name) * scale;
      contributions.set(name, added);
      logOdds += added;
      for (const token of name.split(" ")) known.add(token);
      // Shared equally among the places of a feature, and among the tokens of each.
      for (const [start, end] of found) {
        for (let k = start; k < end; k++) tokens[k].contribution += added / found.length / (end - start);
      }
    }
    const nUnknown = tokens.filter(({ token }) => !known.has(token)).length;
    return { tokens, contributions, counts, logOdds, probability: probabilityOf(logOdds), nUnknown };
  }

  // The divisor of the counts of a text.
  function lengthOf(counts) {
    if (!data.unit_length || !counts.size) return 1;
    return Math.sqrt([...counts.values()].reduce((sum, count) => sum + count * count, 0));
  }

  // Words whose removal changes the prediction, as in Python; null if no removal does.
  function* fewestToFlip({ tokens, contributions, counts, logOdds }, threshold) {
    const left = new Map(contributions), counted = new Map(counts), length = lengthOf(counts);
    const features = new Map(), effects = new Map(), removed = [];
    for (const name of left.keys()) {
      for (const token of new Set(name.split(" "))) {
        if (!features.has(token)) features.set(token, []);
        features.get(token).push(name);
      }
    }
    const was = isPositive(logOdds, threshold), side = was ? 1 : -1;
    const effect = (token) => side * features.get(token).reduce((sum, name) => sum + (left.get(name) ?? 0), 0);
    for (const { token } of tokens) {
      yield;
      if (features.has(token) && !effects.has(token)) effects.set(token, effect(token));
    }
    while (isPositive(logOdds, threshold) === was) {
      yield;
      let strongest = null, most = 0;
      for (const [token, value] of effects) if (value > most) [strongest, most] = [token, value];
      if (strongest === null) return null;
      removed.push(strongest);
      effects.delete(strongest);
      const gone = features.get(strongest);
      for (const name of gone) {
        left.delete(name);
        counted.delete(name);
      }
      for (const other of new Set(gone.flatMap((name) => name.split(" ")))) {
        if (effects.has(other)) effects.set(other, effect(other));
      }
      // The remaining counts have another length, so each contribution is scaled by it.
      let sum = 0;
      for (const added of left.values()) sum += added;
      logOdds = data.intercept + (sum * length) / lengthOf(counted);
    }
    return removed;
  }

  return {
    words, weights, negative, positive, score, fewestToFlip,
    low: floats("low"), high: floats("high"),
    reviews: negative.map((count, k) => count + positive[k]),
    threshold: data.threshold,
    faint: weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0) / 20,
    stripsBreaks: Boolean(data.tokenizer?.strip_breaks),
  };
}
