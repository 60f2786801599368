"""Names that break what is not careful: a group id is any text, and clients choose theirs."""

from hypothesis import strategies as st

HOSTILE = (
    'say "hi"',
    "two\nlines",
    "back\\slash",
    "back\\nslash",
    'end\\"',
    "100 %d %s %%",
    "\x1b[31mred\x1b[0m",
    "<script>alert(1)</script>",
    '",partition="0"} 99\nkmon_cluster_up{cluster="x',
    "tab\tand\rreturn\0nul\u2028",
    " spaces ",
    "",
    "Ω≈ç√∫ 漢字 🦜",
    "{a=b}",
    "#",
    "x" * 10_000,
)

any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(HOSTILE)
"""Any UTF-8 text, the hostile names among it."""
