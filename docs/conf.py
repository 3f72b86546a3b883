"""How the documentation is built: `make docs`; warnings are errors."""

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent / "_ext")]

import pipeline  # noqa: E402

project = "Sentiment pipeline"
author = "the sentiment-pipeline authors"
version = release = pipeline.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx_click",
    "generated",  # the settings, read from the code: see _ext/
    "mathml",  # mathematics without a script, so that the pages are readable offline
]
exclude_patterns = ["_ext", "generated"]  # the generated page is included by another
myst_enable_extensions = ["deflist", "dollarmath", "fieldlist"]
myst_heading_anchors = 3
nitpicky = False
numpydoc_show_class_members = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings give types, shapes and dtypes

html_theme = "furo"
html_title = "Sentiment pipeline"
html_static_path = ["_static"]
html_css_files = ["docs.css"]
html_show_sphinx = False
html_copy_source = False
pygments_style = "tango"
pygments_dark_style = "monokai"

linkcheck_anchors = False
linkcheck_timeout = 20
