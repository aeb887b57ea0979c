"""The fields of the live page: typing, choosing, ticking, attaching."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from collections.abc import Awaitable, Callable, Sequence

from collectd_inode.browser.screen import Screen
from collectd_inode.chromium import hands
from collectd_inode.chromium.acts import Acts, FinalFailure
from collectd_inode.chromium.input import Input
from collectd_inode.chromium.live import number_of
from collectd_inode.chromium.tab import Vanished
from collectd_inode.chromium.window import Window
from collectd_inode.model import Cause
from collectd_inode.page import forms, locate, values
from collectd_inode.page.text import Element, tag_of


class Fields:
    """Those of the page on the *screen*; *found* gives the result of a function of `locate` on it."""

    def __init__(
        self, window: Window, acts: Acts, hand: Input, screen: Screen, found: Callable[..., Awaitable[Element]]
    ) -> None:
        self._window, self._acts, self._hand, self._screen, self._found = window, acts, hand, screen, found

    async def fill_in(self, field: str, value: str) -> None:
        """Type a value into a field, over what is in it."""
        control = await self._found(locate.fillable, field)
        what, number = f"the field “{field}”", number_of(control)
        kind = forms.kind_of(control)
        forms.must_be_typable(self._screen.page, control, value)
        if kind in hands.SET_AT_ONCE:
            self._acts.number += 1
            await self._set(number, values.sanitised(kind, value, control), what)
            return
        if kind != "textarea":
            value = value.replace("\r", "").replace("\n", "")
        await self._hand.click(number, what)
        marked = await self._hand.ask(f"inode.marked({number})", what)
        if value or not marked["empty"]:
            await self._hand.give(hands.typed(value))

    async def _set(self, number: int, value: str, what: str) -> None:
        answer = await self._hand.ask(f"inode.set({number}, {json.dumps(value)})", what)
        if answer["value"] != value:
            why = f"{what} does not take “{value}”"
            raise FinalFailure(Cause.EXPECTATION, why, expected=value, found=str(answer["value"]))

    async def select(self, option: str, field: str) -> None:
        """Choose an option of a list, or one that a field suggests."""
        chosen = await self._found(locate.choices, field)
        found = locate.option(self._screen.page, option, chosen, field)
        if tag_of(chosen) != "select":
            await self.fill_in(field, forms.option_value(found))
            return
        await self._choose(chosen, found, field, chosen=True)

    async def unselect(self, option: str, field: str) -> None:
        """Take back an option of a list that takes several."""
        chosen = await self._found(locate.field, field, frozenset({"select"}), "select")
        page = self._screen.page
        if chosen.get("multiple") is None:
            raise page.failure(f"the field “{field}” takes one option", "a list that takes several")
        await self._choose(chosen, locate.option(page, option, chosen, field), field, chosen=False)

    async def _choose(self, menu: Element, option: Element, field: str, *, chosen: bool) -> None:
        self._acts.number += 1
        wanted = f"{number_of(menu)}, {number_of(option)}, {json.dumps(chosen)}"
        await self._hand.ask(f"inode.choose({wanted})", f"the field “{field}”")

    async def tick(self, field: str, kind: str, what: str, *, ticked: bool) -> None:
        """Tick or untick a checkbox or radio button; one that is so already stays as it is."""
        control = await self._found(locate.field, field, frozenset({kind}), what)
        if forms.is_checked(self._screen.page, control) != ticked:
            await self._hand.click(number_of(control), f"the {what} “{field}”")
            await self._hand.turn()

    async def attach(self, field: str, files: Sequence[forms.Upload]) -> None:
        """Put files into a file field; the browser reads them from its own folder."""
        control = await self._found(locate.field, field, frozenset({"file"}), "file field")
        if len(files) > 1 and control.get("multiple") is None:
            why = f"the file field “{field}” takes one file"
            raise self._screen.page.failure(why, "a field that takes several")
        browser, tab = self._window.browser, self._window.here
        if browser is None:
            return
        paths = await asyncio.get_running_loop().run_in_executor(None, _laid_down, browser.folder.profile, files)
        found = await tab.evaluate(f"inode.node({number_of(control)})", by_value=False)
        if found is None:
            raise Vanished("the file field has gone")
        self._acts.departs()
        await tab.send("DOM.setFileInputFiles", {"files": paths, "objectId": found})


def _laid_down(folder: str, files: Sequence[forms.Upload]) -> list[str]:
    """The paths of *files* in a new folder of the browser's, who is its owner."""
    owner = os.stat(folder)
    place = os.path.join(folder, f"upload-{secrets.token_hex(8)}")
    os.mkdir(place, 0o700)
    paths = []
    for file in files:
        path = os.path.join(place, os.path.basename(file.name) or "file")
        with open(path, "xb") as out:
            out.write(file.content)
        paths.append(path)
    if os.geteuid() == 0:
        for path in (*paths, place):
            os.chown(path, owner.st_uid, owner.st_gid)
    return paths
