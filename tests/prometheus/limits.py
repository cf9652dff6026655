"""What bounds the server: checks at a time, sizes, slow clients; and how it ends."""

import os
import signal
import socket
import threading

from processes import eventually
from scrapes import MODULES
from server import MailServer


def too_many_checks_are_turned_away(place, mail):
    server = place.serve(MODULES, "--concurrency", "1")
    with MailServer(None, b"220 mx\r\n", b"250 mx\r\n", b"221 bye\r\n") as slow:
        answers = []
        first = threading.Thread(target=lambda: answers.append(server.probe("smtp", f"127.0.0.1:{slow.port}")))
        first.start()
        slow.connected.acquire()
        second = server.probe("smtp", f"127.0.0.1:{mail}")
        assert second.status == 503 and second.headers["retry-after"] == "1", second.headers
        assert "--concurrency" in second.text and second.text.count("\n") == 1, second.text
        own = server.get("/metrics")
        assert own.value("sandcheck_checks_running") == 1 and own.value("sandcheck_checks_rejected_total") == 1
        slow.go_on.set()
        first.join()
    assert answers[0].value("probe_success") == 1, answers[0].text
    assert server.probe("smtp", f"127.0.0.1:{mail}").value("probe_success") == 1


def a_client_that_goes_away_takes_its_check_along(place, mail):
    server = place.serve(MODULES, "--concurrency", "1")
    with MailServer(None) as silent:
        client = socket.create_connection(("127.0.0.1", server.port))
        client.sendall(f"GET /probe?module=smtp&target=127.0.0.1:{silent.port} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        silent.connected.acquire()
        assert server.get("/metrics").value("sandcheck_checks_running") == 1
        client.close()
        eventually(lambda: server.get("/metrics").value("sandcheck_checks_running") == 0, "the check goes on")
    assert server.probe("smtp", f"127.0.0.1:{mail}").value("probe_success") == 1


def what_is_too_large_is_not_read(place, mail):
    server = place.serve(MODULES)

    def said(request):
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
            client.sendall(request)
            return client.recv(4096)

    assert said(b"GET /?" + b"x" * 20000 + b" HTTP/1.1\r\nHost: x\r\n\r\n").split()[1] in [b"414", b"431"]
    assert said(b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 100 + b"\r\n").split()[1] == b"431"
    assert said(b"\x16\x03\x01\x02\x00garbage\r\n\r\n").split()[1] == b"400"
    answer = server.ask("POST", "/v1/checker?command=x", body=b" " * (65 << 10), headers={"Content-Type": "application/json"})
    assert answer.status == 413 and "longer than 65536 bytes" in answer.text, answer.text


def slow_clients_hold_up_nobody(place, mail):
    server = place.serve(MODULES)
    clients = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(200)]
    for client in clients:
        client.sendall(b"GET /probe?module=smtp HTTP/1.1\r\nHo")
    assert server.probe("smtp", f"127.0.0.1:{mail}").value("probe_success") == 1
    assert server.get("/metrics").value("sandcheck_http_connections") >= 200
    for client in clients:
        client.close()


def it_ends_when_its_checks_have_ended(place, mail):
    server = place.serve(MODULES)
    assert server.get("/-/ready").text == "Ready\n" and server.get("/-/healthy").text == "Healthy\n"
    with MailServer(None, b"220 mx\r\n", b"250 mx\r\n", b"221 bye\r\n") as slow:
        answers = []
        scrape = threading.Thread(target=lambda: answers.append(server.probe("smtp", f"127.0.0.1:{slow.port}")))
        scrape.start()
        slow.connected.acquire()
        server.process.send_signal(signal.SIGTERM)
        eventually(lambda: "accepts no more connections" in server.log(), "it does not drain")
        assert server.process.poll() is None
        slow.go_on.set()
        scrape.join()
    assert answers[0].value("probe_success") == 1, answers[0].text
    assert server.process.wait(60) == 0


def told_twice_it_ends_at_once(place, mail):
    server = place.serve(MODULES)
    with MailServer(None) as silent, socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(f"GET /probe?module=smtp&target=127.0.0.1:{silent.port} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        silent.connected.acquire()
        server.process.send_signal(signal.SIGINT)
        eventually(lambda: "accepts no more connections" in server.log(), "it does not drain")
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(60) == 1
    children = f"/proc/{os.getpid()}/task/{os.getpid()}/children"
    assert str(server.process.pid) not in open(children).read()


CASES = [
    too_many_checks_are_turned_away, a_client_that_goes_away_takes_its_check_along, what_is_too_large_is_not_read,
    slow_clients_hold_up_nobody, it_ends_when_its_checks_have_ended, told_twice_it_ends_at_once,
]
