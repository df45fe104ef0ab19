"""Proxy and certificates from a client's environment."""

import pytest

from rolecall.llm.surroundings import ca_for, is_loopback, proxy_for

PROXIES = {"HTTPS_PROXY": "http://s:1", "HTTP_PROXY": "http://p:1", "ALL_PROXY": "http://a:1"}


@pytest.mark.parametrize(
    ("url", "environment", "expected"),
    [
        ("https://api.example.com/v1", PROXIES, "http://s:1"),
        ("http://api.example.com/v1", PROXIES, "http://p:1"),
        ("https://api.example.com/v1", {"ALL_PROXY": "http://a:1"}, "http://a:1"),
        (
            "https://api.example.com/v1",
            {"https_proxy": "http://low:1", "HTTPS_PROXY": "http://up:1"},
            "http://low:1",
        ),
        ("https://api.example.com/v1", {"HTTPS_PROXY": "bare:3128"}, "http://bare:3128"),
        ("https://api.example.com/v1", {}, None),
        ("https://api.example.com/v1", {"HTTPS_PROXY": ""}, None),
        ("http://localhost:11434/v1", PROXIES, None),
        ("http://127.0.0.1:11434/v1", PROXIES, None),
        ("http://127.9.9.9/v1", PROXIES, None),
        ("http://[::1]:8080/v1", PROXIES, None),
        ("http://[::ffff:127.0.0.1]:8080/v1", PROXIES, None),
        ("http://models.localhost/v1", PROXIES, None),
        ("https://api.example.com/v1", {**PROXIES, "NO_PROXY": "*"}, None),
        ("https://api.example.com/v1", {**PROXIES, "NO_PROXY": "other.org, example.com"}, None),
        ("https://api.example.com/v1", {**PROXIES, "NO_PROXY": ".example.com"}, None),
        ("https://api.example.com/v1", {**PROXIES, "no_proxy": "API.EXAMPLE.COM"}, None),
        ("https://badexample.com/v1", {**PROXIES, "NO_PROXY": "example.com"}, "http://s:1"),
        ("https://api.example.com:8443/v1", {**PROXIES, "NO_PROXY": "api.example.com:8443"}, None),
        ("https://api.example.com/v1", {**PROXIES, "NO_PROXY": "api.example.com:8443"}, "http://s:1"),
        ("http://10.1.2.3/v1", {**PROXIES, "NO_PROXY": "10.0.0.0/8"}, None),
        ("http://11.1.2.3/v1", {**PROXIES, "NO_PROXY": "10.0.0.0/8"}, "http://p:1"),
        ("http://10.1.2.3:80/v1", {**PROXIES, "NO_PROXY": "10.1.2.3"}, None),
        ("http://[fd00::1]/v1", {**PROXIES, "NO_PROXY": "fd00::/8"}, None),
        ("https://api.example.com/v1", {**PROXIES, "NO_PROXY": " , "}, "http://s:1"),
        # A port that goes without saying is one, too.
        ("https://api.example.com/v1", {**PROXIES, "NO_PROXY": "api.example.com:443"}, None),
        ("http://api.example.com/v1", {**PROXIES, "NO_PROXY": "api.example.com:80"}, None),
        ("http://api.example.com/v1", {**PROXIES, "NO_PROXY": "api.example.com:443"}, "http://p:1"),
        ("https://api.example.com/v1", {**PROXIES, "NO_PROXY": ".example.com:443"}, None),
        ("https://10.1.2.3/v1", {**PROXIES, "NO_PROXY": "10.1.2.3:443"}, None),
        ("https://10.1.2.3/v1", {**PROXIES, "NO_PROXY": "10.1.2.3:8443"}, "http://s:1"),
        ("https://[fd00::1]/v1", {**PROXIES, "NO_PROXY": "[fd00::1]:443"}, None),
        ("https://[fd00::1]/v1", {**PROXIES, "NO_PROXY": "[fd00::1]:8443"}, "http://s:1"),
        ("https://[fd00::1]:8443/v1", {**PROXIES, "NO_PROXY": "[fd00::1]"}, None),
        ("https://[FD00:0::1]/v1", {**PROXIES, "NO_PROXY": "fd00::1"}, None),
        ("https://[fd00::1]/v1", {**PROXIES, "NO_PROXY": "[fd00::]/8"}, None),
        ("https://[fe00::1]/v1", {**PROXIES, "NO_PROXY": "fd00::/8"}, "http://s:1"),
        ("http://10.1.2.3/v1", {**PROXIES, "NO_PROXY": "10.9.9.9/8"}, None),
        # Parts of an address are no domain.
        ("http://10.1.2.3/v1", {**PROXIES, "NO_PROXY": "2.3"}, "http://p:1"),
        ("http://10.1.2.3/v1", {**PROXIES, "NO_PROXY": ".1.2.3"}, "http://p:1"),
        ("https://example.com/v1", {**PROXIES, "NO_PROXY": ".example.com"}, None),
        ("https://api.example.com/v1", {**PROXIES, "NO_PROXY": "*.example.com"}, None),
        ("https://api.example.com./v1", {**PROXIES, "NO_PROXY": "example.com."}, None),
        ("https://api.example.com/v1", {**PROXIES, "NO_PROXY": "a.org,*"}, None),
        ("https://api.example.com/v1", {**PROXIES, "NO_PROXY": ".,*.,:443"}, "http://s:1"),
        ("https://API.example.com/v1", {**PROXIES, "NO_PROXY": "Example.Com"}, None),
        # Lower case wins, also when it says that there is none.
        ("https://api.example.com/v1", {**PROXIES, "https_proxy": ""}, None),
        ("https://api.example.com/v1", {**PROXIES, "no_proxy": "", "NO_PROXY": "*"}, "http://s:1"),
        ("https://api.example.com/v1", {**PROXIES, "no_proxy": "a.org", "NO_PROXY": "*"}, "http://s:1"),
        ("https://api.example.com/v1", {"HTTPS_PROXY": "", "ALL_PROXY": "http://a:1"}, None),
        ("https://api.example.com/v1", {"all_proxy": "http://l:1", "ALL_PROXY": "http://a:1"}, "http://l:1"),
        ("https://api.example.com/v1", {"HTTPS_PROXY": " http://s:1 "}, "http://s:1"),
    ],
)
def test_the_proxy_for_an_address(url, environment, expected):
    assert proxy_for(url, environment) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [("localhost", True), ("notlocalhost", False), ("128.0.0.1", False), ("::1", True), ("", False)],
)
def test_loopback_is_this_machine_alone(host, expected):
    assert is_loopback(host) is expected


def test_the_certificates_of_the_environment():
    assert ca_for({"REQUESTS_CA_BUNDLE": "/b.pem", "SSL_CERT_FILE": "/a.pem"}) == "/a.pem"
    assert ca_for({"REQUESTS_CA_BUNDLE": "/b.pem", "SSL_CERT_FILE": ""}) == "/b.pem"
    assert ca_for({"SSL_CERT_DIR": "/certs"}) == "/certs"
    assert ca_for({}) is None
