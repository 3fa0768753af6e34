"""Small drawings inside HTML."""

import base64


def svg(content: str, box: str, style: str, size: str) -> str:
    """An <img> of SVG shapes: inside HTML, Streamlit lets none through.

    `box` is the part that is seen, "left top width height", `style` are attributes of all shapes, `size` those of the
    image.
    """
    around = f'xmlns="http://www.w3.org/2000/svg" viewBox="{box}"'
    source = base64.b64encode(f"<svg {around} {style}>{content}</svg>".encode()).decode()
    return f'<img src="data:image/svg+xml;base64,{source}" alt="" {size}>'
