"""Hypothesis profiles, markers and fixtures."""

import os
from collections.abc import Iterator

# So that several threads take part in what is not large; for programs started by tests too.
os.environ.setdefault("ARRAYOPS_BYTES_PER_THREAD", str(1 << 20))

import arrayops as ao
import pytest
from arrayops import _trace
from hypothesis import HealthCheck, settings

# What has changed is traced again at once, however long tracing takes here.
_trace.CALL_SECONDS = 1.0

settings.register_profile(
    "default", max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("quick", settings.get_profile("default"), max_examples=8)
settings.register_profile("thorough", settings.get_profile("default"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_configure(config: pytest.Config) -> None:
    """Register the suite's own markers."""
    config.addinivalue_line("markers", "stress: takes seconds or gigabytes")


@pytest.fixture
def threads() -> Iterator[None]:
    """Let a test change the number of threads."""
    before = ao.get_num_threads()
    yield
    ao.set_num_threads(before)
