"""Plain text: no markup survives, and what people mean stays readable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.products.text import has_link, plain_text

HOSTILE = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    '<a href="javascript:alert(1)">x</a>',
    "<body onload=alert(1)>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt;",
    "&#60;img src=x onerror=alert(1)&#62;",
    "&#x3c;img src=x onerror=alert(1)&#x3e;",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<style>@import 'evil.css';</style>",
    "<template><script>alert(1)</script></template>",
    "<object data='data:text/html,<script>alert(1)</script>'></object>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_markup_goes_and_the_words_around_it_stay(text):
    shown = plain_text(f"before {text} after").lower()
    assert shown.startswith("before")
    assert not [
        bad for bad in ("<script", "<img", "<svg", "<a ", "<style", "onerror=", "onload=") if bad in shown
    ]


@pytest.mark.parametrize(
    "text",
    [
        "3 < 4 & 5 > 2",
        "I <3 this kettle",
        'Fits 3 < 4 & 5 cups; "good" value, it\'s 100% – naïve 茶 🫖',
        "AT&T, Marks & Spencer, R&B;",
        "if (a < b && b > c) { }",
    ],
)
def test_signs_of_ordinary_text_survive(text):
    assert plain_text(text) == text


def test_lines_are_kept_where_they_are_wanted():
    assert plain_text("one\r\ntwo\n\n\n\nthree", multiline=True) == "one\ntwo\n\nthree"
    assert plain_text("one\r\n two\tthree") == "one two three"


def test_control_characters_go():
    assert plain_text("a\x00b\x1b[31mc\x7f") == "ab[31mc"


def test_endless_nesting_ends():
    text = "<b>"
    for _ in range(12):
        text = text.replace("&", "&amp;").replace("<", "&lt;")
    assert "<" not in plain_text(text)


@given(st.text(alphabet=st.sampled_from("<>&;/!-= \"'abimgscript#x3c\n"), max_size=60))
def test_cleaning_twice_changes_nothing_more(text):
    once = plain_text(text, multiline=True)
    assert plain_text(once, multiline=True) == once


@pytest.mark.parametrize("text", ["see https://x.example", "WWW.spam.example", "cheap at buy-now.shop today"])
def test_links_are_seen(text):
    assert has_link(text)


@pytest.mark.parametrize("text", ["Great.Really good", "1.5 litres", "e.g. tea", "No complaints."])
def test_ordinary_text_has_no_link(text):
    assert not has_link(text)
