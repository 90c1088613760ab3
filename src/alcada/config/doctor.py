"""`alcada doctor`: the examination, printed; exit status 1 when there is a problem."""

import json
from dataclasses import asdict

from django.utils import translation

MARKS = {"ok": "✓", "warning": "!", "problem": "✗"}


def run(*, as_json: bool, offline: bool) -> int:
    from alcada.flow.doctor import examine

    with translation.override("pt-br"):
        findings = examine(online=not offline)
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        for finding in findings:
            print(f"{MARKS[finding.level]} {finding.sentence}")
            if finding.todo:
                print(f"  → {finding.todo}")
    return int(any(finding.level == "problem" for finding in findings))
