"""MNIST Lab in the browser: streamlit run app.py"""

import streamlit as st
from starlette.middleware import Middleware

from mnist_lab.ui.canvas.strokes import ROUTE
from mnist_lab.ui.cookies import VisitorCookie
from mnist_lab.ui.join import routes as join
from mnist_lab.ui.room import routes as room
from mnist_lab.ui.uploads import UploadLimit

app = st.App(
    "pages/main.py",
    routes=[ROUTE, *join.ROUTES, *room.ROUTES],
    middleware=[Middleware(VisitorCookie), Middleware(UploadLimit)],
)
