"""Jobs are put in the queue by name, from below the rooms that run them: each name has its task, each task its name."""

import re
from pathlib import Path

import alcada
from alcada.jobs import tasks

PUT: re.Pattern[str] = re.compile(r"queue\.defer(?:_all)?\(\s*\"(\w+)\"")


def test_what_is_put_in_the_queue_is_what_workers_run() -> None:
    sources = Path(alcada.__file__).parent.rglob("*.py")
    put = {name for source in sources for name in PUT.findall(source.read_text("utf-8"))}
    prefix = f"{tasks.__name__}."
    on_time = {one.task.name for one in tasks.app.periodic_registry.periodic_tasks.values()}
    known = {name for name in tasks.app.tasks if name.startswith(prefix)}
    assert {prefix + name for name in put} == known - on_time
