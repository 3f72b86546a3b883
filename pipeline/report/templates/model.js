// The model: words, weights, and what they make of a text. Python's pipeline/highlights.py
// does the same.

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

// Counts are variable-length integers: seven bits a byte, low ones first.
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

function makeModel(data) {
  const words = data.words ? data.words.split("\n") : [];
  const weights = new Float32Array(bytesOf(data.weights).buffer);
  const tokenise = data.tokenizer ? makeTokenizer(data.tokenizer) : null;
  let columns = null;
  const probability = (z) => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));
  const isPositive = (z) => probability(z) > data.threshold;

  function score(text) {
    columns ??= new Map(words.map((word, column) => [word, column]));
    const tokens = tokenise(text);
    const places = new Map();
    tokens.forEach((_, start) => {
      let name = "";
      for (let n = 1; n <= data.longest && start + n <= tokens.length; n++) {
        name = n > 1 ? name + " " + tokens[start + n - 1].token : tokens[start].token;
        if (!columns.has(name)) continue;
        if (!places.has(name)) places.set(name, []);
        places.get(name).push([start, start + n]);
      }
    });
    const features = new Map(), counts = new Map();
    for (const [name, found] of places) counts.set(name, data.binary ? 1 : found.length);
    const scale = 1 / lengthOf(counts);
    let logOdds = data.intercept;
    for (const token of tokens) token.contribution = 0;
    for (const [name, found] of places) {
      const added = weights[columns.get(name)] * counts.get(name) * scale;
      features.set(name, added);
      logOdds += added;
      // Shared equally among the places of a feature, and among the tokens of each.
      for (const [start, end] of found) {
        for (let k = start; k < end; k++) tokens[k].contribution += added / found.length / (end - start);
      }
    }
    const known = new Set([...features.keys()].flatMap((name) => name.split(" ")));
    return {
      tokens, features, logOdds,
      probability: probability(logOdds),
      positive: isPositive(logOdds),
      unknown: tokens.filter(({ token }) => !known.has(token)).length,
      flip: fewestToFlip(features, counts, tokens, logOdds),
    };
  }

  // What a text's counts are divided by.
  function lengthOf(counts) {
    if (!data.unit_length || !counts.size) return 1;
    return Math.sqrt([...counts.values()].reduce((sum, count) => sum + count * count, 0));
  }

  function fewestToFlip(features, counts, tokens, logOdds) {
    const left = new Map(features), length = lengthOf(counts), counted = new Map(counts), holding = new Map(), removed = [];
    for (const name of left.keys()) {
      for (const token of new Set(name.split(" "))) {
        if (!holding.has(token)) holding.set(token, []);
        holding.get(token).push(name);
      }
    }
    const was = isPositive(logOdds), side = was ? 1 : -1;
    const waiting = new Set(tokens.map(({ token }) => token).filter((token) => holding.has(token)));
    while (isPositive(logOdds) === was) {
      let strongest = null, most = 0;
      for (const token of waiting) {
        const pull = side * holding.get(token).reduce((sum, name) => sum + (left.get(name) ?? 0), 0);
        if (pull > most) [strongest, most] = [token, pull];
      }
      if (strongest === null) return null;
      waiting.delete(strongest);
      removed.push(strongest);
      for (const name of holding.get(strongest)) {
        left.delete(name);
        counted.delete(name);
      }
      // What is left is divided by a length of its own.
      const sum = [...left.values()].reduce((total, added) => total + added, 0);
      logOdds = data.intercept + (sum * length) / lengthOf(counted);
    }
    return removed;
  }

  const n = words.length;
  const counts = (key) => (key in data ? countsOf(data[key], n) : null);
  const negative = counts("negative"), positive = counts("positive");
  const reviews = counts("reviews") ?? negative.map((count, k) => count + positive[k]);
  const ends = (key) => (key in data ? new Float32Array(bytesOf(data[key]).buffer) : null);
  const low = ends("low"), high = ends("high");
  return { words, weights, low, high, reviews, negative, positive, score, hasTokenizer: tokenise !== null };
}
