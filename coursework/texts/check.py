"""What the cells of assignment.ipynb call: the public tests, and the whole classifier."""

import hashlib
import importlib
import json
import sys
import traceback
from pathlib import Path

from tests.examples import EXAMPLES, said_of

ROOT = Path(__file__).parents[1]
WRITES = "%%writefile "


def check(function):
    """Run the public tests of a function, as its file is now, and print what is wrong."""
    _forget()
    own = [example for example in EXAMPLES if example["function"] == function]
    said = {example["test"]: _one_line(said_of, example) for example in own}
    print(f"{function}: {list(said.values()).count('')} of {len(own)} public tests")
    if len({*said.values()}) == 1:
        said = {"each": said[own[0]["test"]]}
    for test, message in said.items():
        if message:
            print(f"  {test}: {message}")


def check_all():
    """Train as `python -m assignment.classifier` does, and print its metrics."""
    _forget()
    if said := _one_line(lambda: importlib.import_module("assignment.classifier").main()):
        print(said)


def keep_files():
    """Copy files of assignment/ that are not what the notebook writes: its cells replace them."""
    cells = json.loads((ROOT / "assignment.ipynb").read_text("utf-8"))["cells"]
    written = {}
    for cell in cells:
        first, _, text = "".join(cell["source"]).partition("\n")
        if first.startswith(WRITES):
            written[ROOT / first.removeprefix(WRITES).strip()] = text
    for path, text in written.items():
        if path.is_file() and path.read_text("utf-8").strip() != text.strip():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
            copy = ROOT / "backup" / f"{path.stem}-{digest}.py"
            copy.parent.mkdir(exist_ok=True)
            copy.write_bytes(path.read_bytes())
            name = path.relative_to(ROOT)
            print(f"{name} is not what its cell writes: kept as {copy.relative_to(ROOT)}")


def _one_line(function, *arguments):
    """Return what a function says, or its exception in one line with the place in assignment/."""
    try:
        return function(*arguments)
    except NotImplementedError as error:
        return str(error)
    except SyntaxError as error:
        return f"{Path(error.filename).name}, line {error.lineno}: {error.msg}"
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if Path(frame.filename).parent.name == "assignment"]
        place = f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""
        return f"{type(error).__name__}: {error}{place}"


def _forget():
    """Forget imported modules of the assignment: the files may have changed."""
    sys.dont_write_bytecode = True  # a file that changes twice in a second would be taken from it
    importlib.invalidate_caches()
    for name in [name for name in sys.modules if name.partition(".")[0] == "assignment"]:
        del sys.modules[name]
