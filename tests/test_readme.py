"""What the README shows runs as it stands, against the demo's lake."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```(bash|python|sql)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def checkout(demo, tmp_path_factory):
    """A folder that looks like a checkout after `make demo`."""
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copytree(demo, folder / "demo")
    shutil.copytree(
        CHECKOUT / "dbt_project",
        folder / "dbt_project",
        ignore=shutil.ignore_patterns("target", "logs"),
    )
    return folder


def test_every_snippet_of_the_readme_runs(checkout):
    blocks = BLOCK.findall((CHECKOUT / "README.md").read_text())
    assert {language for language, _ in blocks} == {"bash", "python", "sql"}
    scripts = Path(sys.executable).parent
    environment = os.environ | {
        "PATH": f"{scripts}:{os.environ['PATH']}",
        "PWD": str(checkout),
        # The project beside the snippets: some of them edit its rules.
        "SKYLOOM_PROJECT": str(checkout / "dbt_project"),
    }
    query = [str(scripts / "skyloom"), "query", "--lake", "demo/lake"]
    for language, text in blocks:
        runs = {
            "bash": [["bash", "-ec", line] for line in text.splitlines()],
            "python": [[sys.executable, "-c", text]],
            "sql": [[*query, text]],
        }[language]
        for command in runs:
            done = subprocess.run(
                command, cwd=checkout, env=environment, capture_output=True, text=True
            )
            assert done.returncode == 0, (command, done.stdout[-500:], done.stderr)


@pytest.mark.parametrize("page", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_links_between_the_pages_lead_somewhere(page):
    text = (CHECKOUT / page).read_text()
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (CHECKOUT / target).exists(), target
