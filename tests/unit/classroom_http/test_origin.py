"""Which requests another site may not make in a visitor's name."""

import pytest

from classroom.errors import Forbidden
from classroom.http.origin import check_origin

HOST = "class.county.example:8080"


@pytest.mark.parametrize(
    "headers",
    [
        {},  # no browser: it has no cookies of a visitor either
        {"Origin": "http://class.county.example:8080"},
        {"Origin": "https://class.county.example:8080"},  # behind a proxy that ends TLS
        {"Origin": "https://public.example"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example", "Authorization": "Bearer x"},
    ],
)
def test_our_own_pages_and_programs_may(headers: dict[str, str]) -> None:
    check_origin("POST", headers, HOST, "https://public.example")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://class.county.example"},  # another port is another origin
        {"Origin": "http://class.county.example:8080.evil.example"},
        {"Origin": "http://[broken"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://other.county.example:8080"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_foreign_pages_may_not(method: str, headers: dict[str, str]) -> None:
    with pytest.raises(Forbidden) as refused:
        check_origin(method, headers, HOST, "https://public.example")
    assert refused.value.code == "foreign_origin"


def test_reading_is_left_to_the_same_origin_policy() -> None:
    check_origin("GET", {"Origin": "https://evil.example"}, HOST, "")
