"""What the machine has that runs the kit."""

import functools
import socket
import threading


def lacks(case):
    """What a case needs and the machine has not."""
    return next((need for need in case.needs if not {"ipv6": ipv6, "resolver": resolver}[need]()), None)


@functools.cache
def ipv6():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        return True
    except OSError:
        return False


@functools.cache
def resolver():
    """Whether an unknown name is answered as such, and quickly."""
    answers = []

    def ask():
        try:
            socket.getaddrinfo("no-such-host.invalid", 25)
        except socket.gaierror as error:
            answers.append(error.errno == socket.EAI_NONAME)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(5)
    return answers == [True]
