"""An answer's headers: names in any case, values as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping


class Headers(Mapping[str, str]):
    """Name → value; a header that came several times has its values joined by commas (RFC 9110 section 5.3).

    httpx's own go through all of them at each look, and a page looks a dozen times.
    """

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._values: dict[str, list[bytes]] = {}
        for name, value in raw:
            self._values.setdefault(name.decode("latin-1").lower(), []).append(value)

    def __getitem__(self, name: str) -> str:
        return ", ".join(map(_text, self._values[name.lower()]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def get_list(self, name: str) -> list[str]:
        """Every value of one header, in the order in which they came."""
        return list(map(_text, self.raw_list(name)))

    def raw_list(self, name: str) -> list[bytes]:
        """The same as the bytes that came."""
        return self._values.get(name.lower(), [])


def _text(value: bytes) -> str:
    """UTF-8, as servers write it in spite of the rules; else Latin-1, which anything is."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
