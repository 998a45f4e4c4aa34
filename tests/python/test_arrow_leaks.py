"""Whatever becomes of a column, its memory is released, and once."""

from __future__ import annotations

import gc
import sys
from array import array
from typing import TYPE_CHECKING, Any

import arrayops as ao
import pytest
from comparison import outcome
from features import FEATURES

if "arrow" not in FEATURES:
    pytest.skip("built without the feature arrow", allow_module_level=True)
from arrow_capsules import HandMade, HandMadeStream, Ledger, released_twice
from arrow_imports import MAX_GROWTH_BYTES, by_hand, growth, of_libraries

if TYPE_CHECKING:
    from collections.abc import Callable

IMPORTS = 40_000
BY_HAND = by_hand(Ledger())


@pytest.mark.parametrize("name", BY_HAND)
def test_every_struct_is_released_once(name: str) -> None:
    ledger = Ledger()
    one = by_hand(ledger)[name]
    for _ in range(3):
        outcome(one)
    gc.collect()
    assert ledger.balanced, ledger
    assert ledger.made > 0 or name.startswith("out")
    assert released_twice() == 0


def test_stream_that_fails_says_why_and_is_released() -> None:
    ledger = Ledger()
    chunk = HandMade(array("d", [1.0]), ledger=ledger)
    stream = HandMadeStream(chunk, chunk, failure=(5, b"the plug was pulled"))
    with pytest.raises(OSError, match="the plug was pulled"):
        ao.sum(stream)
    gc.collect()
    assert ledger.balanced, ledger
    assert ledger.made == 4


@pytest.mark.stress
@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory in use from /proc")
@pytest.mark.parametrize("kind", [lambda: by_hand(Ledger()), of_libraries])
def test_imports_by_the_ten_thousand_keep_memory_stable(
    kind: Callable[[], dict[str, Callable[[], object]]],
) -> None:
    imports = kind()
    if not imports:
        pytest.skip("no library of Arrow is installed")
    assert growth(imports, IMPORTS) < MAX_GROWTH_BYTES


def test_address_of_a_released_type_is_not_taken_for_another() -> None:
    """Types come and go: a new one at the place of an old one may give capsules, or not."""
    for _ in range(20):
        plain: Any = type("Plain", (), {})
        with pytest.raises(TypeError, match="must be a buffer"):
            ao.sum(plain())
        del plain
        gc.collect()
        made = HandMade(array("q", [1, 2]))
        giving: Any = type("Giving", (HandMade,), {})
        assert ao.sum(giving(made.values)) == 3
        del giving
        gc.collect()
