"""The page, as a browser shows it."""

import os
import subprocess

from scrapes import MODULES
from security import HOSTILE
from server import MailServer


def chromium(place, *words):
    profile = f"--user-data-dir={place.state}/profile"
    environment = {**os.environ, "HOME": place.state}
    words = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr", profile, *words]
    done = subprocess.run(words, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr
    return done


def a_browser_shows_the_page(place, mail):
    server = place.serve(MODULES)
    address = f"http://127.0.0.1:{server.port}"
    empty = chromium(place, "--dump-dom", f"{address}/")
    assert "Nothing has been checked yet" in empty.stdout, empty.stdout
    for _ in range(5):
        server.probe("smtp", f"127.0.0.1:{mail}")
    server.probe("smtp_certificate", f"127.0.0.1:{mail}")
    server.probe("smtp", "127.0.0.1:1")
    with MailServer(HOSTILE) as hostile:
        server.probe("smtp_verbose", f"127.0.0.1:{hostile.port}")
    page = chromium(place, "--dump-dom", f"{address}/")
    document = page.stdout
    assert "<title>sandcheck</title>" in document, document
    for tag in ["<script", "<img", "<iframe", "<link"]:
        assert tag not in document, (tag, document)
    assert document.count("<circle ") == 8 and document.count('<svg class="bars"') == 4, document
    assert "&lt;script&gt;document.title=1&lt;/script&gt;" in document, document
    result = chromium(place, "--dump-dom", f"{address}/result?id=8")
    assert "<h2>Output</h2>" in result.stdout and "554 no evil=1;2;3" in result.stdout, result.stdout
    for shown in [page, result]:
        assert "Content Security Policy" not in shown.stderr and "Refused to" not in shown.stderr, shown.stderr
    headers = server.get("/").headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-") and "unsafe" not in policy, policy
    assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-store", headers
    picture = os.path.join(place.state, "page.png")
    chromium(place, "--window-size=1280,1100", f"--screenshot={picture}", f"{address}/")
    assert os.path.getsize(picture) > 10_000


CASES = [a_browser_shows_the_page]
