"""The same browser is the same person."""

import pytest
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string

from mnist_lab.ui.visitor import unmasked


def test_a_cookie_is_the_same_person_however_it_is_masked():
    cookies = [generate_xsrf_token_string(token, 1_700_000_000) for token in (b"a" * 16, b"a" * 16, b"b" * 16)]
    assert len({*cookies}) == 3
    assert unmasked(cookies[0]) == unmasked(cookies[1]) == (b"a" * 16).hex()
    assert unmasked(cookies[2]) != unmasked(cookies[0])


@pytest.mark.parametrize("cookie", ["", "abc", "2|x|y|z", "2||00|1", "a|b"])
def test_a_cookie_of_another_kind_is_taken_as_it_is(cookie):
    assert unmasked(cookie) == cookie
