"""Who is here."""

import hashlib
import uuid

import streamlit as st


def visitor() -> str:
    """Who this is: the same browser is the same person, as far as its cookies last; told to nobody."""
    cookie = st.context.cookies.get("_streamlit_xsrf")
    secret = cookie or st.session_state.setdefault("owner", uuid.uuid4().hex)
    return hashlib.sha256(secret.encode()).hexdigest()[:32]
