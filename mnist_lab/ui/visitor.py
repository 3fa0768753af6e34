"""Who is here."""

import hashlib
import uuid

import streamlit as st


def visitor() -> str:
    """Who this is: the same browser is the same person, as far as its cookies last; told to nobody."""
    cookie = st.context.cookies.get("_streamlit_xsrf")
    secret = unmasked(cookie) if cookie else st.session_state.setdefault("owner", uuid.uuid4().hex)
    return hashlib.sha256(secret.encode()).hexdigest()[:32]


def unmasked(cookie: str) -> str:
    """The token in Streamlit's cookie "2|mask|masked token|time", which is masked anew on every visit."""
    try:
        _, mask, masked, _ = cookie.strip('"').split("|")
        key, token = bytes.fromhex(mask), bytes.fromhex(masked)
        return bytes(byte ^ key[place % len(key)] for place, byte in enumerate(token)).hex()
    except (ValueError, ZeroDivisionError):
        return cookie
