"""Mathematics as MathML, which browsers draw by themselves: no script, no network, no LaTeX."""

import re

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml

# LaTeX sets a thin space around the name of a function, but none at a bracket: y ln a, ln(1 - a).
SPACE = '<mspace width="0.17em"></mspace>'
NAME = r"<mi>[a-z]{2,}</mi>\s*<mo>&ApplyFunction;</mo>"
BEFORE = re.compile(rf"((?:</m(?:i|n|sub|sup|frac)>|\)</mo>)\s*)(?={NAME})")
AFTER = re.compile(rf'({NAME}\s*)(?!\s|<mo stretchy="false">\()')


def spaced(mathml):
    """Return a formula with the spaces around the names of its functions."""
    return AFTER.sub(rf"\1{SPACE}", BEFORE.sub(rf"\1{SPACE}", mathml))


def visit_inline(self, node):
    """Write a formula that stands in a line."""
    self.body.append(spaced(tex2mathml(node.astext())))
    raise nodes.SkipNode


def visit_block(self, node):
    """Write a formula that stands alone."""
    formula = spaced(tex2mathml(node.astext(), as_block=True))
    self.body.append(f'<div class="formula">{formula}</div>')
    raise nodes.SkipNode


def setup(app):
    """Register the renderer and choose it."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    app.config.html_math_renderer = "mathml"
    return {"parallel_read_safe": True, "parallel_write_safe": True}
