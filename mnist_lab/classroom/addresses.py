"""Where phones find the lab, and that as a picture for their cameras."""

import ipaddress
import os
import socket
from urllib.parse import urlsplit, urlunsplit

import segno

VARIABLE = "MNIST_LAB_ADDRESS"
ANYWHERE = ("192.0.2.1", 9)  # RFC 5737: nobody's; no packet is sent to learn by which way it would go


def join_address(opened: str, code: str) -> str:
    """The address that phones open to join, from the one under which the teacher's browser has opened a page."""
    return f"{lab_address(opened)}/join?code={code}"


def lab_address(opened: str) -> str:
    """Where other devices find the lab, from the address under which a browser has opened one of its pages.

    `MNIST_LAB_ADDRESS` says it. Else it is where it is for that browser, and where that is this machine's own name for
    itself, the address that others in its network reach.
    """
    if given := os.environ.get(VARIABLE, "").strip():
        return (given if "://" in given else f"http://{given}").rstrip("/")
    scheme, network, path, *_ = urlsplit(opened or "http://localhost:8501/class")
    host, port = urlsplit(f"//{network}").hostname or "localhost", urlsplit(f"//{network}").port
    if _is_own_name(host):
        network = f"{lan_address()}:{port}" if port else lan_address()
    return urlunsplit((scheme or "http", network, path.rpartition("/")[0], "", "")).rstrip("/")


def lan_address() -> str:
    """This machine's address in its network; 127.0.0.1 where it is in none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(ANYWHERE)
        except OSError:  # no network
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def is_for_this_machine_only(address: str) -> bool:
    """Whether nobody else can reach that address."""
    return _is_own_name(urlsplit(address).hostname or "")


def qr_code(address: str) -> str:
    """The address as a QR code, an SVG on white."""
    return segno.make(address, error="m", micro=False).svg_inline(border=3, light="#fff", dark="#000", omitsize=True)


def _is_own_name(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
