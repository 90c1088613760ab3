"""`alcada doctor`: the examination, printed; exit status 1 when there is a problem."""

import json
import os
from dataclasses import asdict

from django.utils import translation

MARKS = {"ok": "✓", "warning": "!", "problem": "✗"}


def run(*, as_json: bool, offline: bool, as_report: bool = False) -> int:
    from alcada.flow.doctor import examine
    from alcada.flow.report import report

    with translation.override(_terminal_language()):
        findings = examine(online=not offline)
    if as_report:
        print(json.dumps(report(findings), ensure_ascii=False, indent=2))
    elif as_json:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        for finding in findings:
            print(f"{MARKS[finding.level]} {finding.sentence}")
            if finding.todo:
                print(f"  → {finding.todo}")
    return int(any(finding.level == "problem" for finding in findings))


def _terminal_language() -> str:
    """English where the terminal's locale says so, else Portuguese, as on the pages."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "en" if locale.startswith("en") else "pt-br"
