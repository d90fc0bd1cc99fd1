"""How objects show themselves in notebooks: pictures side by side, and small tables, as HTML.

Nothing here needs a notebook, or another library than those that draw the pictures.
"""

import base64
import html
import io
import itertools
from collections.abc import Iterable, Mapping

import numpy as np
from PIL import Image

# The problems of a batch that are shown, and the pixels a side that each picture has at most.
MAX_PICTURES = 8
MAX_SIDE = 240
# The same of an example that is shown alone.
MAX_EXAMPLE_SIDE = 480


def png(picture: np.ndarray, max_side: int = MAX_SIDE) -> bytes:
    """A picture ``(h, w, 3)`` uint8 as a PNG file, made smaller where a side is longer."""
    image = Image.fromarray(np.ascontiguousarray(picture))
    image.thumbnail((max_side, max_side), Image.Resampling.BOX)
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def image_tag(content: bytes, kind: str = "png") -> str:
    """A picture file as an element of a page."""
    return f'<img src="data:image/{kind};base64,{base64.b64encode(content).decode()}">'


def gallery(title: str, pictures: Iterable[np.ndarray], count: int) -> str:
    """A title, and pictures side by side in as many lines as they need.

    Args:
        title: Plain text.
        pictures: ``(h, w, 3)`` uint8 each; no more than ``MAX_PICTURES`` of them are made.
        count: How many there would be.
    """
    shown = [image_tag(png(picture)) for picture in itertools.islice(pictures, MAX_PICTURES)]
    more = f"<div>… and {count - len(shown):,} more</div>" if count > len(shown) else ""
    grid = f'<div style="display:flex;flex-wrap:wrap;gap:8px">{"".join(shown)}</div>'
    return f"<div>{html.escape(title)}</div>{grid}{more}"


def table(title: str, rows: Mapping[str, object]) -> str:
    """A title, and a table of names and values."""
    lines = [
        f"<tr><th>{html.escape(name)}</th><td>{html.escape(str(value))}</td></tr>"
        for name, value in rows.items()
    ]
    return f"<table><caption>{html.escape(title)}</caption>{''.join(lines)}</table>"


def span(numbers: np.ndarray) -> str:
    """The range of some numbers, at least one: ``7 to 23``, or ``7`` where all are the same."""
    low, high = np.min(numbers), np.max(numbers)
    return f"{low}" if low == high else f"{low} to {high}"
