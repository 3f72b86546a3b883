// The model: words, weights, and the score of a text, as in pipeline/inspection/.
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

function softmax(scores) {
  const highest = Math.max(...scores), powers = scores.map((z) => Math.exp(z - highest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

// The weights that are shown: those of a class minus the mean of the others'.
function againstOthers(vectors) {
  const sums = vectors[0].map((_, column) => vectors.reduce((sum, weights) => sum + weights[column], 0));
  return vectors.map((weights) => weights.map((weight, column) => weight - (sums[column] - weight) / (vectors.length - 1)));
}

function makeModel(data) {
  const words = data.words ? data.words.split("\n") : [];
  const floats = (key) => (key in data ? new Float32Array(bytesOf(data[key]).buffer) : null);
  // One vector for two classes, one a class for more.
  const all = Float64Array.from(new Int32Array(bytesOf(data.weights).buffer), (n) => n * data.weight_unit);
  const vectors = data.intercept.map((_, k) => all.subarray(k * words.length, (k + 1) * words.length));
  const shown = vectors.length > 1 ? againstOthers(vectors) : vectors;
  const tokenise = data.tokenizer ? makeTokenizer(data.tokenizer) : null;
  let columns = null;

  // Which tokens hold which features, and in which characters: pipeline/inspection/places.py.
  function* placesOf(tokens) {
    columns ??= new Map(words.map((word, column) => [word, column]));
    const found = new Map(), inside = new Map(), held = new Map(), total = new Map();
    const add = (key, name) => {
      if (!held.has(key)) held.set(key, new Map());
      held.get(key).set(name, (held.get(key).get(name) ?? 0) + 1);
    };
    for (let start = 0; start < tokens.length; start++) {
      yield;
      let name = "";
      for (let n = 1; n <= data.longest && start + n <= tokens.length; n++) {
        name = n > 1 ? name + " " + tokens[start + n - 1].token : tokens[start].token;
        if (!columns.has(name)) continue;
        if (!found.has(name)) found.set(name, []);
        found.get(name).push([start, start + n]);
        total.set(name, found.get(name).length);
        for (const key of new Set(name.split(" "))) add(key, name);
      }
    }
    for (const { token } of tokens) {
      yield;
      if (!inside.has(token)) inside.set(token, charactersIn(token));
      for (const { name } of inside.get(token)) {
        add(token, name);
        total.set(name, (total.get(name) ?? 0) + 1);
      }
    }
    return { found, inside, held, total };
  }

  // The character n-grams of a token that are features, each with what it covers, unpadded.
  function charactersIn(token) {
    const padded = [" ", ...token, " "], found = [];
    for (let start = 0; start < padded.length && data.lengths.length; start++) {
      for (const size of data.lengths) {
        const end = start + size, name = ` "${padded.slice(start, end).join("")}"`;
        if (end > padded.length || !columns.has(name)) continue;
        found.push({ name, first: Math.max(start - 1, 0), last: Math.min(end - 1, padded.length - 2) });
      }
    }
    return found;
  }

  function* score(text) {
    const tokens = yield* tokenise(text);
    const places = yield* placesOf(tokens), { found, inside, held, total } = places;
    const contributions = new Map(), counts = new Map();
    for (const [name, n] of total) counts.set(name, data.binary ? 1 : n);
    const scale = 1 / lengthOf(counts), { weightOf, ...question } = questionOf(counts, scale);
    let logOdds = question.intercept;
    for (const [name, count] of counts) {
      const added = weightOf(name) * count * scale;
      contributions.set(name, added);
      logOdds += added;
    }
    // Shared equally among the places of a feature, and among the tokens or characters of each.
    const byCharacter = [...inside.values()].some((all) => all.length), shares = new Map();
    for (const [token, all] of inside) {
      yield;
      const mine = new Array(byCharacter ? [...token].length : 1).fill(0);
      for (const { name, first, last } of all) {
        const share = contributions.get(name) / total.get(name) / (last - first);
        for (let k = first; k < last; k++) mine[k] += share;
      }
      shares.set(token, mine);
    }
    for (const token of tokens) token.contribution = 0;
    for (const [name, places] of found) {
      yield;
      const share = contributions.get(name) / places.length;
      for (const [start, end] of places) {
        for (let k = start; k < end; k++) tokens[k].contribution += share / (end - start);
      }
    }
    for (const token of tokens) {
      const mine = shares.get(token.token);
      token.shares = mine.map((share) => share + token.contribution / mine.length);
    }
    const nUnknown = tokens.filter(({ token }) => !held.has(token)).length;
    return { ...question, tokens, contributions, counts, places, logOdds, probability: probabilityOf(logOdds), nUnknown };
  }

  // What the score of a text is: the log-odds, or how far the most probable of more than two
  // classes is above the runner-up, as in pipeline/inspection/explanation.py.
  function questionOf(counts, scale) {
    const of = (k) => (name) => vectors[k][columns.get(name)];
    if (vectors.length === 1) return { intercept: data.intercept[0], weightOf: of(0), ranking: [] };
    const scores = vectors.map((_, k) => {
      let sum = data.intercept[k];
      for (const [name, count] of counts) sum += of(k)(name) * count * scale;
      return sum;
    });
    const ranking = [...scores.keys()].sort((k, l) => scores[l] - scores[k] || k - l), [first, second] = ranking;
    return {
      scores, ranking, probabilities: softmax(scores),
      intercept: data.intercept[first] - data.intercept[second],
      weightOf: (name) => of(first)(name) - of(second)(name),
    };
  }

  // The divisor of the counts of a text.
  function lengthOf(counts) {
    if (!data.unit_length || !counts.size) return 1;
    return Math.sqrt([...counts.values()].reduce((sum, count) => sum + count * count, 0));
  }

  // Words whose removal changes the prediction, as in Python; null if no removal does.
  function* fewestToFlip({ tokens, contributions, counts, places, logOdds, intercept, ranking }, threshold) {
    const left = new Map(contributions), counted = new Map(counts), total = new Map(places.total);
    const { held } = places, length = lengthOf(counts);
    const holders = new Map(), effects = new Map(), removed = [];
    for (const [token, names] of held) {
      for (const name of names.keys()) {
        if (!holders.has(name)) holders.set(name, []);
        holders.get(name).push(token);
      }
    }
    const isSecond = (score) => (ranking.length ? score >= 0 : isPositive(score, threshold));
    const was = ranking.length > 0 || isSecond(logOdds), side = was ? 1 : -1;
    const effect = (token) => {
      let sum = 0;
      for (const [name, n] of held.get(token)) if (left.has(name)) sum += (left.get(name) * n) / total.get(name);
      return side * sum;
    };
    for (const { token } of tokens) {
      yield;
      if (held.has(token) && !effects.has(token)) effects.set(token, effect(token));
    }
    while (!removed.length || isSecond(logOdds) === was) {
      yield;
      let strongest = null, most = 0;
      for (const [token, value] of effects) if (value > most) [strongest, most] = [token, value];
      if (strongest === null) return null;
      removed.push(strongest);
      effects.delete(strongest);
      const changed = new Set();
      for (const [name, n] of held.get(strongest)) {
        if (!left.has(name)) continue;
        const all = total.get(name), isCounted = counted.get(name) === all; // and not only once
        if (n === all) {
          left.delete(name);
          counted.delete(name);
        } else if (isCounted) {
          left.set(name, left.get(name) * (1 - n / all));
          counted.set(name, all - n);
        }
        if (n === all || !isCounted) for (const other of holders.get(name)) changed.add(other);
        total.set(name, all - n);
      }
      for (const other of changed) if (effects.has(other)) effects.set(other, effect(other));
      // The remaining counts have another length, so each contribution is scaled by it.
      let sum = 0;
      for (const added of left.values()) sum += added;
      logOdds = intercept + (sum * length) / lengthOf(counted);
    }
    return removed;
  }

  const counts = (key) => (key in data ? countsOf(data[key], words.length) : null);
  const negative = counts("negative"), positive = counts("positive");
  const sizes = Float64Array.from(words, (_, column) => Math.max(...shown.map((weights) => Math.abs(weights[column]))));
  return {
    words, shown, sizes, negative, positive, score, fewestToFlip,
    low: floats("low"), high: floats("high"), uncertain: "uncertain" in data ? bytesOf(data.uncertain) : null,
    reviews: counts("reviews") ?? negative.map((count, k) => count + positive[k]),
    classes: data.classes, intercepts: data.intercept, threshold: data.threshold, lengthOf,
    vectors, columnOf: (name) => columns.get(name),
    faint: sizes.reduce((most, size) => Math.max(most, size), 0) / 20,
    stripsBreaks: data.tokenizer?.html === "breaks",
  };
}
