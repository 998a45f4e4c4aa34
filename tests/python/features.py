"""What this build of arrayops has."""

import arrayops._arrayops as native

FEATURES: tuple[str, ...] = native._features  # noqa: SLF001 - how it was built
