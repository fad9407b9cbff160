"""Our verdicts against the truth: real servers on the loopback, of which everything is known.

    python benchmarks/check_verdicts.py [--out docs/check-verdicts.md]

Needs root, and Debian's postfix, postgrey and dnsmasq-base. Exit code 1 where a verdict is wrong.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from servers.mail_world import mail_world
from servers.verdicts import as_markdown, judge

PAGE = Path(__file__).resolve().parent.parent / "docs" / "check-verdicts.md"


def main() -> int:
    """Ask, judge, write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=PAGE)
    out = parser.parse_args().out
    with mail_world() as world:
        verdicts = judge(world)
    out.write_text(as_markdown(verdicts), encoding="utf-8")
    wrong = [one.case.address for one in verdicts if one.wrong_invalid or one.wrong_send]
    print(
        f"{out.name}: {len(verdicts)} addresses, {len(wrong)} wrong verdicts{': ' if wrong else ''}{', '.join(wrong)}"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
