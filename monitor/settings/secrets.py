"""Secrets that live in files, which may hold another one tomorrow, and what tells that a file has changed."""

import re
from collections.abc import Iterable
from pathlib import Path

from pydantic import SecretStr

from monitor.settings.document import read_bytes
from monitor.settings.errors import SettingsError


class FileSecret(SecretStr):
    """A secret that was read from `file`."""

    def __init__(self, file: Path) -> None:
        self.file = file
        super().__init__(self.now())

    def now(self) -> str:
        """What the file holds now, without a newline at its end. Raises SettingsError when it cannot be read."""
        try:
            return re.sub(r"\r?\n\Z", "", read_bytes(self.file).decode())
        except UnicodeDecodeError:
            raise SettingsError(f"{self.file}: is not UTF-8") from None


def text_of(secret: SecretStr) -> str:
    """The secret as it is now. Raises SettingsError when its file cannot be read."""
    return secret.now() if isinstance(secret, FileSecret) else secret.get_secret_value()


def stamp_of(files: Iterable[str | Path]) -> tuple[tuple[int, ...] | None, ...]:
    """A value that changes when one of the files is written, replaced, removed or made."""
    return tuple(map(_stamp, files))


def _stamp(file: str | Path) -> tuple[int, ...] | None:
    try:
        status = Path(file).stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
