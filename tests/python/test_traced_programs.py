"""The corpus of functions becomes the programs it became."""

import traced_programs


def test_corpus_becomes_the_programs_on_the_page() -> None:
    page = traced_programs.PAGE.read_text(encoding="utf-8").splitlines()
    # Where a difference is meant, running traced_programs.py writes the page anew.
    assert list(traced_programs.lines()) == page
