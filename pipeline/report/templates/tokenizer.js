// The `words` tokenizer of pipeline/tokens/grammar.py: a text is prepared, each character is
// replaced by one that stands for its kind, and a regular expression over these finds the tokens.
// The page has Python's table of characters, so the result does not depend on the browser's
// version of Unicode.

function makeTokenizer(settings) {
  const becomes = new Int32Array(0x110000), standsFor = new Array(0x110000);
  let code = 0;
  for (const run of settings.characters.split(",")) {
    const [length, standIn, shift] = run.split(":");
    for (const end = code + parseInt(length, 36); code < end; code++) {
      becomes[code] = code + Number(shift ?? 0);
      standsFor[code] = standIn;
    }
  }
  for (code = 0; code < 0x80; code++) {
    if (standsFor[code] !== " " && standsFor[code] !== "'") standsFor[code] = String.fromCharCode(code);
  }
  const token = new RegExp(`(${settings.grammar})|${settings.other}`, "g");
  const letters = new RegExp(settings.letters), stopWords = new Set(settings.stop_words);

  // A text, with the place of the character of each of its UTF-16 units in the original text.
  function replaced({ text, starts, ends }, pattern, by) {
    const parts = [], newStarts = [], newEnds = [];
    let done = 0;
    const keep = (end) => {
      parts.push(text.slice(done, end));
      for (; done < end; done++) newStarts.push(starts[done]), newEnds.push(ends[done]);
    };
    for (const { 0: match, index } of text.matchAll(pattern)) {
      const written = by(match), last = index + match.length - 1;
      if (written === match) continue;
      keep(index);
      parts.push(written);
      for (let k = 0; k < written.length; k++) {
        newStarts.push(starts[Math.min(index + k, last)]);
        newEnds.push(ends[k === written.length - 1 ? last : Math.min(index + k, last)]);
      }
      done = last + 1;
    }
    if (!done) return { text, starts, ends };
    keep(text.length);
    return { text: parts.join(""), starts: newStarts, ends: newEnds };
  }

  // What HTML means by an entity, as the browser knows it; the number of a control character is nothing.
  function decoded(entity) {
    const [name] = entity.match(/^&#?[0-9a-z]*;?/i), area = document.createElement("textarea");
    area.innerHTML = name;
    const nothing = /[\x01-\x08\x0b\x0e-\x1f\x7f]|\p{Noncharacter_Code_Point}/gu;
    return (name[1] === "#" ? area.value.replace(nothing, "") : area.value) + entity.slice(name.length);
  }

  const named = { decode: decoded, shorten: (run) => [...run].slice(0, 3).join("") };
  const rewritings = settings.rewritings.map(([pattern, by]) => [new RegExp(pattern, "giu"), named[by] ?? (() => by)]);

  // A letter with the marks behind it, and Korean syllables in pieces: what NFC works on.
  const composable = /[\u1100-\u115f\uac00-\ud7a3][\u1160-\u11ff]+|[^]\p{M}*/gu;

  function composed(traced) {
    if (traced.text.normalize("NFC") === traced.text) return traced;
    return replaced(traced, composable, (part) => part.normalize("NFC"));
  }

  function* lowered({ text, starts, ends }) {
    const parts = [], newStarts = [], newEnds = [];
    let i = 0;
    for (const character of text) {
      yield;
      const code = character.codePointAt(0), small = String.fromCodePoint(becomes[code]);
      const written = standsFor[code] === settings.doubled ? small + small : small, last = i + character.length - 1;
      parts.push(written);
      for (let k = 0; k < written.length; k++) {
        newStarts.push(starts[Math.min(i + k, last)]);
        newEnds.push(ends[Math.min(i + k, last)]);
      }
      i = last + 1;
    }
    return { text: parts.join(""), starts: newStarts, ends: newEnds };
  }

  // Words, emoji and emoticons, and all other characters, each with its place in the text.
  function* split(text) {
    let traced = { text, starts: [], ends: [] };
    for (const character of text) {
      const start = traced.starts.length;
      for (const unit of character.split("")) traced.starts.push(start), traced.ends.push(start + character.length);
    }
    for (const [pattern, by] of rewritings) traced = replaced(traced, pattern, by);
    traced = composed(yield* lowered(composed(traced)));
    const characters = [], from = [], to = [], kinds = [];
    let i = 0;
    for (const character of traced.text) {
      yield;
      const standIn = standsFor[character.codePointAt(0)];
      const end = traced.ends[i + character.length - 1];
      if (standIn !== settings.ignored) {
        kinds.push(standIn);
        characters.push(standIn === "'" ? "'" : character);
        from.push(traced.starts[i]);
        to.push(end);
      } else if (to.length) to[to.length - 1] = end; // it belongs to the character before it
      i += character.length;
    }
    const tokens = [];
    for (const { 0: match, 1: word, index } of kinds.join("").matchAll(token)) {
      yield;
      const end = index + match.length, start = Math.max(from[index], tokens.at(-1)?.end ?? 0);
      const spelled = characters.slice(index, end).join("");
      tokens.push({ token: spelled, start, end: Math.max(start, to[end - 1]), isWord: word !== undefined, kinds: match });
    }
    return tokens;
  }

  // Clauses are those of pipeline/tokens/negation.py. Here a token is a word or one character.
  const negations = new Set(settings.negations);
  const clauseEnd = /^(?:[;!?…()[\]{}\u2014.,:\u2013]|br)$/iu;

  function isNegation(token) {
    const word = token.toLowerCase().replaceAll("\u02bc", "'").replace(/^[_']+|[_']+$/g, "");
    return word.includes("n't") || negations.has(word.split("'")[0]);
  }

  function* mark(tokens) {
    let inside = false, afterHyphen = false;
    for (const token of tokens) {
      yield;
      const plain = token.token, isHyphen = plain === "-";
      const isEmoticon = token.isWord && /^[:;=(^<]/.test(plain), isFace = isEmoticon && plain[0] !== "<";
      if (clauseEnd.test(plain) || isFace || (isHyphen && afterHyphen)) inside = false;
      if (inside && token.isWord && !isEmoticon && letters.test(token.kinds)) token.token = "NOT_" + plain;
      if (isNegation(plain)) inside = true;
      afterHyphen = isHyphen;
    }
  }

  return function* tokenise(text) {
    const tokens = yield* split(text);
    if (settings.mark_negation) yield* mark(tokens);
    return tokens.filter(
      ({ token, isWord }) =>
        (settings.punctuation || isWord) &&
        !(stopWords.size && stopWords.has(token.replace(/^NOT_/, "").toLowerCase())),
    );
  };
}
