"""Alçada: payables and receivables through approval, each approved one posted once to Conta Azul."""

import sys

__version__ = "0.1.0"

# httpx loads a command line of its own where rich and click can be found, which CEL's package brings: a twelfth of
# every process's start, and memory. None is how Python says that a module isn't there; httpx does without, as it may.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None is meant
