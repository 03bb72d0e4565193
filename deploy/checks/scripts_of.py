"""Writes the shell scripts inside CI files into a folder, so that shellcheck can read them.

scripts_of.py FOLDER FILE... prints the name of each script written. GitHub: `run` of every step; GitLab: `script`.
"""

import pathlib
import sys

import ruamel.yaml

# GitHub's own shell options; GitLab joins the lines of a job, and stops at the first that fails.
HEAD = "#!/usr/bin/env bash\nset -euo pipefail\n"


def scripts(ci):
    if "jobs" in ci:
        for name, job in ci["jobs"].items():
            for number, step in enumerate(job["steps"]):
                if "run" in step:
                    yield f"{name}-{number}", step["run"]
    else:
        for name, job in ci.items():
            if isinstance(job, dict) and "script" in job:
                yield name.replace(" ", "-"), "\n".join(job["script"])


folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
written = 0
for file in map(pathlib.Path, sys.argv[2:]):
    ci = ruamel.yaml.YAML(typ="safe").load(file)
    for name, script in scripts(ci):
        path = folder / f"{file.stem}-{name}.sh"
        path.write_text(HEAD + script + "\n")
        print(path)
        written += 1
if not written:
    sys.exit("no script was found")
