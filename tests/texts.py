"""Texts that are hard to tokenise, as they are and in pieces that no one would think of."""

import random

from browser import HOSTILE

TEXTS = [
    *["", " ", "superb", "zzz unknown", "NaN\0null", "SUPERB Superb sUPERB", "a_b __ 3.5/10"],
    "\U0001f600\U0001f62d great \U0001f44d\U0001f3fd",
    "don\u2019t \u2019don't\u2019 rock\u2019n\u2019roll '' o'",
    "caf\u00e9 cafe\u0301 na\u00efve \ufb01lm \u1e9e\u00df",
    "\u0130stanbul I\u0307 \u0131",
    "\u039f\u0394\u039f\u03a3 \u03a3\u0391\u03a3. \u03a3 A\u03a3'\u03a3",
    "<br /><BR>good<br>bad<br\t/>x<b>y</b> &amp; &lt;",
    "\u0928\u092e\u0938\u094d\u0924\u0947 \u4f60\u597d \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35",
    "tab\tand\nline\r\nend\u00a0nbsp\u200bzero\u200dwidth",
    "Not good, good. NEVER br good! don\u2019t good-bye no-one good -- good - good \u2014 good 3.5",
    "I can't (good) _not_ good: nobody's good; isn\u02bct good\u2026 no <br> good not __ \u0301 _x",
    "\u2764\ufe0f\u2764",
    "\U0001f469\u200d\u2764\ufe0f\u200d\U0001f469 \U0001f1e9\U0001f1ea",
    "1\ufe0f\u20e32\ufe0f\u20e3 #\ufe0f\u20e3 \u2605",
    "fun:) :-( ;D :'( a:D :Dx :/ http://x <3 </3 <30 (: ^_^",
    "not bad :D good not <3 good",
    "8/10 7.5/10. 1/2/3 a/b 1.x don\u00b4t don`t don\u2018t don\uff07t don\u02bct",
    "don\u2032t \u00b4x",
    "iPhone\u5f88\u597d \u30b9\u30fc\u30d1\u30fc\u9280 \u304c",
    "\u304b\u3099 \u0e44\u0e21\u0e48\u0e14\u0e35",
    "\u1781\u17d2\u1798\u17c2\u179a \u0e33",
    "Stra\u00dfe STRA\u1e9eE won\u00adder \ufeffx\u200e",
    "H\u0331 J\u030c \u1112\u1161\u11ab \u0915\u093c =\u0338) <\u0338br>",
    "it isn&#39;t &quot;good&quot; &amp;amp; &notit; caf&eacute;",
    "<p class=x>un<b>do</b></p><3 &#x2764;&#1;",
    "@ann thx@x @@a soooooo \u00c9\u00c9\u00c9\u00c9\u00e9",
    "https://t.co/x?a www.x.org #Tag a#b ##c @url 10000",
    *HOSTILE,
]
# Texts of pieces of these in any order, which no one would think of.
RANDOM = random.Random(0)
PIECES = [*" ".join(TEXTS).split(" "), *sorted(set("".join(TEXTS)))]
MIXED = ["".join(RANDOM.choices(PIECES, k=RANDOM.randrange(1, 9))) for _ in range(500)]


def in_a_box(text):
    """Return a text as a box of the page holds it, which knows one kind of line break."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
