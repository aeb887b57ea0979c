"""Declarative shadow roots: a browser draws them without any script."""

from __future__ import annotations

import pytest

from collectd_inode.page import forms, locate
from collectd_inode.page.page import Page

T = "<template shadowrootmode=open>"


def page(body: str) -> Page:
    return Page("http://h/", 200, {"content-type": "text/html; charset=utf-8"}, body.encode())


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        (f"<x-a>{T}<p>Hello <slot></slot></p></template>Ann</x-a>", "Hello Ann"),
        (f"<x-a>{T}<p>Hello</p></template>Ann<b>no</b></x-a>", "Hello"),
        (f"<x-a>{T}<slot name=t>none</slot> <slot>else</slot></template><b slot=t>Ann</b></x-a>", "Ann else"),
        (f"<x-a>{T}<slot name=t>none</slot> <slot>else</slot></template><b slot=t>Ann</b> rest</x-a>", "Ann rest"),
        (f"<x-a>{T}<slot>1</slot><slot>2</slot></template>Ann</x-a>", "Ann2"),
        ("<x-a><template shadowrootmode=Closed>in</template>no</x-a>", "in"),
        ("<x-a><template shadowrootmode=other>no</template>in</x-a>", "in"),
        ("<x-a><template>no</template>in</x-a>", "in"),
        (f"<x-a>{T}1</template>{T}2</template>no</x-a>", "1"),
        (f"<ul>{T}no</template><li>in</ul>", "in"),
        (f"<div>{T}<x-b>{T}in <slot></slot></template><i>out</i></x-b></template></div>", "in out"),
        (f"<div>{T}<x-b>{T}[<slot></slot>]</template><slot></slot></x-b></template>light</div>", "[light]"),
        (f"<x-a>{T}<template>no</template><style>no</style>in</template></x-a>", "in"),
        (f"<p>{T}1<br>2</template>no</p>3", "1\n2\n3"),
        (f"{T}no</template>", ""),
    ],
)
def test_what_is_seen(source: str, seen: str) -> None:
    """Rule 30: the shadow root in the place of its host's content, which stands in its slots or nowhere."""
    assert page(source).visible_text == seen


def test_what_can_be_used() -> None:
    """Rule 30: links and forms in it are the page's; what is in no slot is hidden."""
    form = "<form action=/s><label for=q>Name</label><input id=q name=q value=1><button>Send</button></form>"
    shown = page(f"<form id=f></form><x-a>{T}<a href=/y>Go</a>{form}</template><a href=/no>Away</a></x-a>")
    assert locate.link(shown, "Go").get("href") == "/y"
    field = locate.field(shown, "Name", locate.FILLABLE, "field")
    owner = forms.form_of(shown, field)
    assert owner is not None
    assert forms.submission(shown, owner, None, "x").url == "http://h/s?q=1"
    assert [a.get("hidden") for a in shown.elements("a")] == [None, ""]
