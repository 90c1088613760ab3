import sys

from conta_azul_sandbox.cli import run

sys.exit(run())
