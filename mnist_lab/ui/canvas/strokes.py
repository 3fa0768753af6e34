"""What a model answers to a picture of the canvas while a stroke grows: over HTTP, without a run of the page.

A run of a fragment costs Streamlit (1.67) three times what reading the picture does, and a class draws at once.
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from mnist_lab.errors import MnistLabError
from mnist_lab.ui.answer import readings_of, write_answer
from mnist_lab.ui.canvas.drawing import MOST_TEXT, ONE, SEVERAL, decode

CANVASES = {canvas.name: canvas for canvas in (ONE, SEVERAL)}


async def _answer(request: Request) -> Response:
    """The answer as HTML, nothing where there is no ink; 400 for what no canvas sends."""
    content = b""
    async for chunk in request.stream():
        content += chunk
        if len(content) > MOST_TEXT:
            return PlainTextResponse("The picture is too large.", 413)
    asked = request.query_params
    found = await run_in_threadpool(_read, asked.get("canvas", ""), asked.get("model", ""), content.decode("latin-1"))
    return PlainTextResponse("No canvas sends that.", 400) if found is None else HTMLResponse(found)


def _read(name: str, model: str, picture: str) -> str | None:
    canvas = CANVASES.get(name)
    image = decode(picture, canvas) if canvas else None
    if image is None:
        return None
    try:
        readings = readings_of(image, model, canvas is SEVERAL)
    except MnistLabError as error:
        return write_answer([], str(error), canvas is SEVERAL)
    return write_answer(readings) if readings else ""


ROUTE = Route("/{below:path}answer", _answer, methods=["POST"])  # below any path
