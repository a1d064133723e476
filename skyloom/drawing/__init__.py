"""Paint OSM objects as an aerial photograph would show them.

A seed table says how each tag is painted (`styles`); this package only follows it.
"""

from skyloom.drawing.canvas import Grid, paint
from skyloom.drawing.styles import Style, load_styles, style_of

__all__ = ["Grid", "Style", "load_styles", "paint", "style_of"]
