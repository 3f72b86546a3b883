"""Characters and what they do in a text: parts of a word, units, emoticons, HTML breaks.

`folded` has an entry for each code point: the code point to write for it, its kind, and flags.
An entry without kind and flags is a letter or digit, or 0 for white space. `tokens.grammar`
states the grammar that these functions follow, and the tests hold them to it.
"""

import numpy as np

# The parts of an entry of `folded`: a code point in 21 bits, a kind in 5 bits, and flags.
CODE_POINT = 0x1FFFFF
KIND, KIND_BITS = 21, 31
ALONE = 1 << 26  # a token of its own where it is part of nothing else; else it separates tokens
OPENS_BREAK = 1 << 27  # a separator with what follows, if that makes an HTML break
OPENS_WORD = 1 << 28  # the first character of a word, if a letter follows
UNSTABLE = 1 << 29  # normalisation (NFC) may change the text around it

# Kinds, in the order of marks, units and symbols.
LETTER = 0  # a letter, digit or underscore; white space as well, which becomes 0
IGNORED = 1  # leaves nothing and separates nothing: a variation selector, a soft hyphen
MARK = 2  # part of the word or unit that it stands in, else nothing
KEYCAP = 3  # a mark that ends its word: the frame around a digit
JOINER = 4  # a mark that joins two pictographs: the zero-width joiner
TAG = 5  # a mark of a pictograph: the letters of a region behind a flag
STACKER = 6  # a mark that joins the next character to a cluster: Khmer's coeng
CHARACTER = 7  # a unit with its marks: Chinese, and Japanese hiragana
KATAKANA = 8  # a unit with those that follow
CLUSTER = 9  # a unit with its marks: Thai, Lao, Khmer, Burmese
PICTOGRAPH = 10  # a unit with skin tone, tags and further joined pictographs
TONE = 11  # a skin tone
REGIONAL = 12  # a letter of a flag: two are a unit
DOUBLED = 13  # a letter that becomes two of the same
DIGIT = 14  # a letter that a point or slash may join to another digit: 7.5/10
APOSTROPHE = 15  # part of a word between two letters
SIGIL = 16  # with the frame behind it, a unit; and see OPENS_WORD
EMOTICON = 17  # with what follows, a unit, if that makes an emoticon
SYMBOL = 18  # any other

LAST_MARK, FIRST_UNIT = STACKER, CHARACTER

DIGIT_0, DIGIT_9 = ord("0"), ord("9")
QUOTE, AT = ord("'"), ord("@")
FRAME = 0x20E3
COLON, SEMICOLON, LESS_THAN, CARET, OPEN = ord(":"), ord(";"), ord("<"), ord("^"), ord("(")
HYPHEN, SLASH, UNDERSCORE, THREE = ord("-"), ord("/"), ord("_"), ord("3")
POINT = ord(".")
# The other half of an emoticon: )(][|\ and, where no letter follows, dpo3.
CLOSE, RIGHT, LEFT, BAR, BACKSLASH = ord(")"), ord("]"), ord("["), ord("|"), 0x5C
D, P, O = ord("d"), ord("p"), ord("o")  # noqa: E741
SMALL = 0x20  # makes an ASCII letter small


def write_next(text, start, i, end, folded, clean, size):
    """Write what begins at byte i behind the first `size` bytes, with a zero where a token ends.

    The document is `text[start:end]`. Returns the index behind what was read and the new size, or
    -1 for the size if the code point at i asks for normalisation.
    """
    code, behind = code_point(text, i)
    entry = np.int64(folded[code])
    kind = kind_of(entry)
    if entry & UNSTABLE:
        return i, -1
    if kind >= APOSTROPHE:
        return _write_symbol(text, start, i, end, folded, clean, size)
    if kind == LETTER:
        size = write(entry, clean, size)
    elif kind == DIGIT:
        clean[size] = code
        return _write_point(text, behind, end, folded, clean, size + 1)
    elif kind == DOUBLED:
        size = write(entry & CODE_POINT, clean, write(entry & CODE_POINT, clean, size))
    elif kind >= FIRST_UNIT:
        behind = behind_unit(text, i, end, folded)
        size = _write_apart(text, i, behind, folded, clean, size)
    elif kind != IGNORED and size > 0 and clean[size - 1] != 0:  # a mark
        size = write(entry & CODE_POINT, clean, size)
        if kind == KEYCAP:
            clean[size] = 0
            size += 1
    return behind, size


def _write_point(text, i, end, folded, clean, size):
    """Write the point or slash that joins the digit before byte i to another, if one does."""
    code, behind = following(text, i, end, folded)
    if code in (POINT, SLASH):
        after, _ = following(text, behind, end, folded)
        if DIGIT_0 <= after <= DIGIT_9:
            clean[size] = code
            return behind, size + 1
    return i, size


def _write_apart(text, i, end, folded, clean, size):
    """Write what stands from byte i to `end` as a token of its own; return the new size."""
    clean[size] = 0
    size = write_all(text, i, end, folded, clean, size + 1)
    clean[size] = 0
    return size + 1


def _write_symbol(text, start, i, end, folded, clean, size):
    """Write the symbol at byte i, in a word or apart; return the index behind it and the size."""
    code, behind = code_point(text, i)
    entry = np.int64(folded[code])
    kind = kind_of(entry)
    last = clean[size - 1] if size > 0 else 0
    if kind == APOSTROPHE:
        if last != 0:
            after, _ = following(text, behind, end, folded)
            if is_letter(after, folded):
                clean[size] = QUOTE
                return behind, size + 1
    elif kind == SIGIL:
        after, behind_after = following(text, behind, end, folded)
        if after == FRAME and code != AT:
            return behind_after, _write_apart(text, i, behind_after, folded, clean, size)
        opens = entry & OPENS_WORD and is_letter(after, folded)
        if opens and not _is_in_word(text, start, i, folded):
            clean[size] = code
            return behind, size + 1
    elif kind == EMOTICON:
        behind_it = behind_emoticon(text, start, i, end, folded)
        if behind_it > i:
            return behind_it, _write_apart(text, i, behind_it, folded, clean, size)
    if entry & OPENS_BREAK:
        behind_it = behind_break(text, i, end)
        if behind_it > i:
            behind, entry = behind_it, np.int64(0)
    if entry & ALONE:
        return behind, _write_apart(text, i, behind, folded, clean, size)
    clean[size] = 0
    return behind, size + 1


def behind_unit(text, i, end, folded):
    """Return the index behind the unit that begins at byte i."""
    code, i = code_point(text, i)
    first = last = kind_of(folded[code])
    n = 1
    while True:
        code, behind = following(text, i, end, folded)
        entry = np.int64(folded[code])
        kind = kind_of(entry)
        is_mark = MARK <= kind <= LAST_MARK
        if entry & UNSTABLE:
            return i
        if first == CHARACTER:
            goes_on = is_mark
        elif first == KATAKANA:
            goes_on = is_mark or kind == KATAKANA
        elif first == CLUSTER:
            goes_on = is_mark or (kind == CLUSTER and last == STACKER)
        elif first == PICTOGRAPH:
            goes_on = kind in (TONE, TAG) or (kind == PICTOGRAPH and last == JOINER)
            if kind == JOINER:
                code, _ = following(text, behind, end, folded)
                goes_on = kind_of(folded[code]) == PICTOGRAPH
        else:
            goes_on = kind == REGIONAL and first == REGIONAL and n == 1
        if not goes_on:
            return i
        i, last, n = behind, kind, n + 1


def behind_emoticon(text, start, i, end, folded):
    """Return the index behind the emoticon that begins at byte i, or i if none does."""
    eyes, j = code_point(text, i)
    code, j = following(text, j, end, folded)
    if eyes == LESS_THAN:
        if code == SLASH:
            code, j = following(text, j, end, folded)
        after, _ = following(text, j, end, folded)
        return j if code == THREE and not is_letter(after, folded) else i
    if eyes == CARET:
        if code == UNDERSCORE:
            code, j = following(text, j, end, folded)
        return j if code == CARET else i
    if eyes == OPEN:
        if code == HYPHEN:
            code, j = following(text, j, end, folded)
        return j if code in (COLON, SEMICOLON) else i
    if kind_of(folded[code]) == APOSTROPHE:
        code, j = following(text, j, end, folded)
    if code == HYPHEN:
        code, j = following(text, j, end, folded)
    if code in (CLOSE, OPEN, RIGHT, LEFT):
        return j
    if code in (BAR, BACKSLASH):
        return j
    after, _ = following(text, j, end, folded)
    if code == SLASH:
        return i if after == SLASH else j
    small = code | SMALL
    if (code != THREE and small not in (D, P, O)) or is_letter(after, folded):
        return i
    return i if _is_in_word(text, start, i, folded) else j


def _is_in_word(text, start, i, folded):
    """Return True if a letter stands before byte i, with or without marks."""
    while i > start:
        i -= 1
        while text[i] & 0xC0 == 0x80:
            i -= 1
        code, _ = code_point(text, i)
        if is_letter(code, folded):
            return True
        kind = kind_of(folded[code])
        if kind != IGNORED and not (MARK <= kind <= LAST_MARK and kind != KEYCAP):
            return False
    return False


def behind_break(text, i, end):
    """Return the index behind the HTML break that opens at byte i, or i if none does."""
    if i + 3 >= end or text[i + 1] | SMALL != 0x62 or text[i + 2] | SMALL != 0x72:
        return i
    j = i + 3
    while j < end and (text[j] == 0x20 or 0x09 <= text[j] <= 0x0D):
        j += 1
    if j < end and text[j] == SLASH:
        j += 1
    if j < end and text[j] == 0x3E:
        return j + 1
    return i


def write(code, clean, size):
    """Write a code point as UTF-8 behind the first `size` bytes; return the new size."""
    if code < 0x80:
        clean[size] = code
        return size + 1
    if code < 0x800:
        clean[size] = 0xC0 | code >> 6
    else:
        if code < 0x10000:
            clean[size] = 0xE0 | code >> 12
        else:
            clean[size] = 0xF0 | code >> 18
            size += 1
            clean[size] = 0x80 | (code >> 12 & 0x3F)
        size += 1
        clean[size] = 0x80 | (code >> 6 & 0x3F)
    clean[size + 1] = 0x80 | (code & 0x3F)
    return size + 2


def write_all(text, i, end, folded, clean, size):
    """Write what stands from byte i to `end`, folded; return the new size."""
    while i < end:
        code, i = code_point(text, i)
        entry = np.int64(folded[code])
        if kind_of(entry) != IGNORED:
            folds = entry & CODE_POINT
            size = write(folds if folds > 0 else code, clean, size)
    return size


def code_point(text, i):
    """Return the code point that begins at byte i, and the index behind it."""
    code = np.int64(text[i])
    if code < 0x80:
        return code, i + 1
    if code < 0xE0:
        return (code & 0x1F) << 6 | (text[i + 1] & 0x3F), i + 2
    # Widened, because without numba a shifted byte stays a byte.
    if code < 0xF0:
        code = (code & 0x0F) << 12 | np.int64(text[i + 1] & 0x3F) << 6
        return code | (text[i + 2] & 0x3F), i + 3
    code = (code & 0x07) << 18 | np.int64(text[i + 1] & 0x3F) << 12
    return code | np.int64(text[i + 2] & 0x3F) << 6 | (text[i + 3] & 0x3F), i + 4


def following(text, i, end, folded):
    """Return the first code point from byte i on that is not ignored, and the index behind it.

    At the end of the document it is 0.
    """
    while i < end:
        code, i = code_point(text, i)
        if kind_of(folded[code]) != IGNORED:
            return code, i
    return np.int64(0), end


def kind_of(entry):
    """Return the kind of an entry of `folded`."""
    return np.int64(entry) >> KIND & KIND_BITS


def is_letter(code, folded):
    """Return True if a code point is a letter, digit or underscore."""
    entry = np.int64(folded[code])
    return 0 < entry <= CODE_POINT or kind_of(entry) in (DOUBLED, DIGIT)
