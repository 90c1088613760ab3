"""The model of posting (models/posting.pml) is a model of this product: the same table of moves."""

import re
from pathlib import Path

from alcada.posting.models import TRANSITIONS, State

MODEL = Path(__file__).parents[2] / "models" / "posting.pml"
ROW = re.compile(r"^#define FROM_(\w+)\(to\) +\((.*)\)$", re.MULTILINE)


def test_the_model_allows_the_moves_that_the_product_allows() -> None:
    rows = {
        name: set(re.findall(r"\(to\) == (\w+)", moves)) for name, moves in ROW.findall(MODEL.read_text())
    }

    assert rows.pop("NONE") == {State.QUEUED.name}  # where a posting begins
    assert rows == {
        before.name: {after.name for after in allowed} for before, allowed in TRANSITIONS.items() if allowed
    }
