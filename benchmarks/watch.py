"""Run a command and print, as JSON, what its process tree used.

A process between: what a finished child's children used is told only to it.
"""

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")
EVERY_S = 0.1


def main() -> int:
    """Print [CPU seconds, KB of the largest process, KB of the tree]."""
    tree_kb = 0
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            sys.argv[1:], stdout=subprocess.DEVNULL, stderr=errors
        )
        while True:
            tree_kb = max(tree_kb, resident_kb(process.pid))
            try:
                process.wait(EVERY_S)
                break
            except subprocess.TimeoutExpired:
                pass
        if process.returncode:
            errors.seek(0)
            sys.stderr.write(errors.read()[-2000:].decode(errors="replace"))
    use = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Samples miss short peaks; the kernel's own figure for one process does not.
    peak_kb = use.ru_maxrss
    print(json.dumps([use.ru_utime + use.ru_stime, peak_kb, max(tree_kb, peak_kb)]))
    return process.returncode


def resident_kb(pid: int) -> int:
    """What a process and its descendants hold at this moment; 0 where unknown.

    The private parts add up; of the files mapped (libraries, mostly, the same in
    each) the largest share of one process counts.
    """
    private, mapped = 0, 0
    for one in descendants(pid):
        try:
            lines = (PROC / str(one) / "status").read_text().splitlines()
        except OSError:
            continue
        kb = {
            line.split(":")[0]: int(line.split()[1])
            for line in lines
            if line.startswith("Rss")
        }
        private += kb.get("RssAnon", 0) + kb.get("RssShmem", 0)
        mapped = max(mapped, kb.get("RssFile", 0))
    return private + mapped


def descendants(pid: int) -> Iterator[int]:
    """A process and, as far as the system tells, all below it."""
    yield pid
    for children in (PROC / str(pid) / "task").glob("*/children"):
        try:
            found = children.read_text().split()
        except OSError:
            continue
        for child in found:
            yield from descendants(int(child))


if __name__ == "__main__":
    sys.exit(main())
