"""Records a journey as browsers do: HAR files in the style of Firefox, Chromium, Playwright, and an old one."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

STYLES = ("firefox", "chromium", "playwright", "attached", "zip", "old")
"""``attached`` and ``zip`` are Playwright's with each body in a file of its own, beside the recording or packed."""


@dataclass
class Recorder:
    """A browser that keeps what it asks; ``site`` is where paths are."""

    site: str
    style: str
    entries: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._client = httpx.Client(base_url=self.site, follow_redirects=True)

    def page(self, method: str, path: str, **fields: str) -> httpx.Response:
        """A page is opened, or a form sent."""
        return self._ask("document", method, path, {"Accept": "text/html,*/*"}, data=fields or None)

    def call(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """A script asks."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._ask("empty", method, path, {"Accept": "*/*", **named}, json=body)

    def part(self, path: str) -> httpx.Response:
        """A picture is shown."""
        return self._ask("image", "GET", path, {"Accept": "image/*"})

    def save(self, path: Path) -> Path:
        """The file; the browser is closed."""
        self._client.close()
        creator = {"name": self.style, "version": "1"}
        files = self._attach() if self.style in ("attached", "zip") else {}
        recording = json.dumps({"log": {"version": "1.2", "creator": creator, "entries": self.entries}})
        if self.style == "zip":
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, content in {**files, "har.har": recording}.items():
                    archive.writestr(name, content)
            return path
        path.write_text(recording)
        for name, content in files.items():
            path.with_name(name).write_text(content)
        return path

    def _attach(self) -> dict[str, str]:
        """The bodies by the names of their files, which stand in the recording instead."""
        files: dict[str, str] = {}
        for entry in self.entries:
            for part in (entry["response"]["content"], entry["request"].get("postData", {})):
                if text := part.pop("text", ""):
                    name = f"{hashlib.sha1(text.encode()).hexdigest()}.dat"
                    part |= {"_file": name, "size": len(text)}
                    files[name] = text
        return files

    def _ask(self, purpose: str, method: str, path: str, headers: dict[str, str], **body: Any) -> httpx.Response:
        if self.style != "old":
            headers |= {"Sec-Fetch-Dest": purpose, "Sec-Fetch-Mode": "navigate" if purpose == "document" else "cors"}
        last = self._client.request(method, path, headers=headers, **body)
        for response in (*last.history, last):
            self.entries.append(self._entry(purpose, response))
        return last

    def _entry(self, purpose: str, response: httpx.Response) -> dict[str, Any]:
        request = response.request
        sent, kind = request.content.decode(), request.headers.get("content-type", "")
        entry: dict[str, Any] = {
            "startedDateTime": f"2026-11-29T12:00:{len(self.entries):02d}.000Z",
            "time": 1,
            "request": {
                "method": request.method,
                "url": str(request.url),
                "headers": [{"name": name, "value": value} for name, value in request.headers.items()],
                **({"postData": {"mimeType": kind, "text": sent}} if sent else {}),
            },
            "response": {
                "status": response.status_code,
                "headers": [{"name": name, "value": value} for name, value in response.headers.items()],
                "content": {"mimeType": response.headers.get("content-type", ""), "text": response.text},
                "redirectURL": response.headers.get("location", ""),
            },
        }
        if self.style == "chromium":
            names = {"document": "document", "empty": "fetch", "image": "image"}
            entry["_resourceType"] = names[purpose]
            if sent and "form" in kind:
                pairs = httpx.QueryParams(sent).multi_items()
                entry["request"]["postData"]["params"] = [{"name": name, "value": value} for name, value in pairs]
        return entry
