"""A strict, stateful stand-in for the Conta Azul API, over real HTTP, usable alone.

A section sign in this package, as in "§2.3", points into docs/conta-azul-api.md; "Assumed" marks what nothing
there settles. docs/sandbox.md says how to run and steer it. It shares no code with the client on purpose: one
wrong belief must not sit on both sides.
"""

from conta_azul_sandbox.cli import run

__all__ = ["run"]
