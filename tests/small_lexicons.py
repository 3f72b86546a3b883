"""A few words of NLTK's two lexicons, in its layout, so that tests need no download."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZipFile

import pytest

POSITIVE = (
    *["fun", "funny", "good", "joy", "kind", "lovely", "moving", "smart", "superb"],
    *["state-of-the-art", "well-made"],
)
NEGATIVE = ("awful", "bad", "boring", "clumsy", "dreadful", "horrible", "rubbish", "waste")
HEADER = ";; NLTK skips all up to the first blank line.\n\n"
GRADES = {**dict.fromkeys(POSITIVE, 2.5), **dict.fromkeys(NEGATIVE, -2.5), ":(": -2.0}


def write_lexicons(folder: Path) -> None:
    """Write an opinion lexicon and a VADER lexicon to a folder that NLTK looks into."""
    files = {
        "corpora/opinion_lexicon/positive-words.txt": HEADER + "\n".join(POSITIVE),
        "corpora/opinion_lexicon/negative-words.txt": HEADER + "\n".join(NEGATIVE),
        "sentiment/vader_lexicon/vader_lexicon.txt": "\n".join(
            f"{word}\t{grade}\t0.5\t[2, 3]" for word, grade in GRADES.items()
        ),
    }
    for name, text in files.items():
        group, lexicon, file = name.split("/")
        (folder / group).mkdir(parents=True, exist_ok=True)
        with ZipFile(folder / group / f"{lexicon}.zip", "a") as archive:
            archive.writestr(f"{lexicon}/{file}", text)


@contextmanager
def nltk_reads(folder: Path) -> Iterator[None]:
    """Let NLTK find its data in a folder alone, and forget what it has read elsewhere."""
    import nltk
    from nltk.corpus.reader import OpinionLexiconCorpusReader
    from nltk.corpus.util import LazyCorpusLoader

    # A reader keeps what it found first.
    unread = LazyCorpusLoader(
        "opinion_lexicon",
        OpinionLexiconCorpusReader,
        r"(\w+)\-words\.txt",
        encoding="ISO-8859-2",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nltk.data, "path", [str(folder)])
        patch.setattr(nltk.corpus, "opinion_lexicon", unread)
        nltk.data.clear_cache()
        yield
    nltk.data.clear_cache()
