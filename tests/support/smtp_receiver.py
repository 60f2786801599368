"""An SMTP server on loopback that keeps the mails it takes, refuses as a test asks it to, or hangs."""

import base64
import contextlib
import email
import email.policy
import socketserver
import ssl
import threading
from email.message import EmailMessage
from typing import Self

from http_receiver import GUARD_SECONDS


class SmtpReceiver:
    """Answers the command `MAIL` with `answer`, a code and a text; "hang" never answers. `tls` offers STARTTLS."""

    def __init__(self, answer: str = "250 OK", *, tls: ssl.SSLContext | None = None, at_once: bool = False) -> None:
        self.answer, self.tls, self.at_once = answer, tls, at_once
        self.refused_recipients: dict[str, str] = {}
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.logins: list[str] = []
        self.encrypted: list[bool] = []
        self._released = threading.Event()
        receiver = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    _Session(receiver, self).run()

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def hang(self) -> None:
        self._released.wait(GUARD_SECONDS)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Session:
    """One connection."""

    def __init__(self, receiver: SmtpReceiver, handler: socketserver.StreamRequestHandler) -> None:
        self.receiver, self.socket = receiver, handler.connection
        self.secure = False
        if receiver.at_once:
            self._wrap()
        self.file = self.socket.makefile("rb")
        self.recipients: list[str] = []

    def _wrap(self) -> None:
        assert self.receiver.tls is not None
        self.socket = self.receiver.tls.wrap_socket(self.socket, server_side=True)
        self.secure = True

    def say(self, *lines: str) -> None:
        self.socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def run(self) -> None:
        try:
            self.say("220 test")
            while line := self.file.readline():
                self._command(line.decode().strip())
        finally:
            self.file.close()
            self.socket.close()

    def _command(self, line: str) -> None:
        word = line.split(":", maxsplit=1)[0].split(maxsplit=1)[0].upper()
        if word == "EHLO":
            offers = ["STARTTLS"] if self.receiver.tls and not self.secure else ["AUTH PLAIN"]
            self.say("250-test", *(f"250-{each}" for each in offers), "250 8BITMIME")
        elif word == "STARTTLS":
            self.say("220 go")
            self.file.close()
            self._wrap()
            self.file = self.socket.makefile("rb")
        elif word == "AUTH":
            self.receiver.logins.append(base64.b64decode(line.rsplit(maxsplit=1)[-1]).decode())
            wrong = self.receiver.logins[-1].endswith("wrong")
            self.say("535 no such user" if wrong else "235 OK")
        elif word == "MAIL":
            if self.receiver.answer == "hang":
                self.receiver.hang()
            self.recipients = []
            self.say(self.receiver.answer)
        elif word == "RCPT":
            address = line.partition("<")[2].partition(">")[0]
            self.recipients.append(address)
            self.say(self.receiver.refused_recipients.get(address, "250 OK"))
        elif word == "DATA":
            self._data()
        else:
            self.say("221 bye" if word == "QUIT" else "250 OK")

    def _data(self) -> None:
        self.say("354 go on")
        lines = []
        while (line := self.file.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        mail = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        self.receiver.mails.append(mail)
        self.receiver.recipients.append(self.recipients)
        self.receiver.encrypted.append(self.secure)
        self.say("250 taken")
