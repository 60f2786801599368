"""A short name of an alert, made from its labels."""

from collections.abc import Iterable


def fingerprint(labels: Iterable[tuple[str, str]]) -> str:
    """Prometheus's: FNV-1a of 64 bits over names and values of the labels in order, each ended by the byte 255."""
    value = 0xCBF29CE484222325
    for pair in sorted(labels):
        for each in pair:
            for byte in (*each.encode("utf-8", "surrogatepass"), 0xFF):
                value = ((value ^ byte) * 0x100000001B3) % 2**64
    return f"{value:016x}"
