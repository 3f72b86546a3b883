// The `words` tokenizer of pipeline/tokens/words.py. The page has Python's table of characters,
// so the result does not depend on the browser's version of Unicode.

function makeTokenizer(settings) {
  const SPACE = 0, OTHER = -1;
  const table = new Int32Array(0x110000).fill(OTHER);
  let code = 0;
  for (const run of settings.characters.split(" ")) {
    const [length, kind] = run.split(":");
    const end = code + parseInt(length, 36);
    if (kind === "s") table.fill(SPACE, code, end);
    else if (kind !== "p") for (const shift = Number(kind); code < end; code++) table[code] = code + shift;
    code = end;
  }
  const stopWords = new Set(settings.stop_words);
  const isApostrophe = (character) => character === "'" || character === "\u2019";

  function lower(text, i, code) {
    if (settings.lowercase && code === 0x130) return "i\u0307";
    if (settings.lowercase && code === 0x3a3) return isFinalSigma(text, i) ? "\u03c2" : "\u03c3";
    return String.fromCodePoint(table[code]);
  }

  // Whether the nearest character on one side is cased, skipping characters that case ignores.
  function isNextToCased(text, i, side) {
    for (i += side; i >= 0 && i < text.length; i += side) {
      if (side < 0 && /[\udc00-\udfff]/.test(text[i]) && i > 0 && text.codePointAt(i - 1) > 0xffff) i -= 1;
      const character = String.fromCodePoint(text.codePointAt(i));
      if (!/\p{Case_Ignorable}/u.test(character)) return /\p{Cased}/u.test(character);
      if (side > 0 && character.length > 1) i += 1;
    }
    return false;
  }

  // Capital sigma is ς at the end of a word and σ elsewhere (Unicode, section 3.13).
  function isFinalSigma(text, i) {
    return isNextToCased(text, i, -1) && !isNextToCased(text, i, 1);
  }

  const isWordAt = (text, i) => i < text.length && table[text.codePointAt(i)] > 0;

  // Words, and every other character that is not white space, each with its place in the text.
  function* split(text) {
    const tokens = [];
    const htmlBreak = new RegExp(HTML_BREAK, "iy");
    let i = 0;
    while (i < text.length) {
      yield;
      const start = i, first = text.codePointAt(i);
      if (table[first] > 0) {
        let token = "";
        while (isWordAt(text, i)) {
          const code = text.codePointAt(i);
          token += lower(text, i, code);
          i += code > 0xffff ? 2 : 1;
          if (isApostrophe(text[i]) && isWordAt(text, i + 1)) {
            token += "'";
            i += 1;
          }
        }
        tokens.push({ token, start, end: i, isWord: true });
        continue;
      }
      htmlBreak.lastIndex = i;
      if (settings.strip_breaks && htmlBreak.test(text)) {
        i = htmlBreak.lastIndex;
        continue;
      }
      i += first > 0xffff ? 2 : 1;
      if (table[first] === OTHER) {
        const token = isApostrophe(text[start]) ? "'" : text.slice(start, i);
        tokens.push({ token, start, end: i, isWord: false });
      }
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
      if (clauseEnd.test(plain) || (isHyphen && afterHyphen)) inside = false;
      if (inside && token.isWord && /[^\p{M}\p{C}_']/u.test(plain)) token.token = "NOT_" + plain;
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
