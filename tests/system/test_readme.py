"""Run the commands in the README's tour on the real servers.

The README must show the output that the servers really return.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import uuid

from infra.paths import ROOT
from stack.instance import Instance
from tests.support.readme_tour import assert_same_shape, tour


def test_tour_shows_what_servers_return(pipeline: Instance) -> None:
    # Use another name than the README, because the session's realm may already have a player with that name.
    player = f"ada_{uuid.uuid4().hex[:8]}"
    command_line = shlex.join([sys.executable, "-m", "cli.main", "--home", str(pipeline.home)])
    # Set a wide terminal, because a narrow terminal would break the widest table.
    environment = os.environ | {"COLUMNS": "120"}
    for step in tour():
        if step.command.startswith("TOKEN="):
            continue
        command = re.sub(r"\bada\b", player, step.command)
        command = command.replace("localhost:7400", f"127.0.0.1:{pipeline.port('api')}")
        command = command.replace("./guildhall", command_line)
        done = subprocess.run(
            ["bash", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        assert_same_shape(re.sub(r"\bada\b", player, step.output), done.stdout)
        last = done.stdout.strip().splitlines()[-1]
        if last.startswith("{") and "token" in json.loads(last):
            environment["TOKEN"] = json.loads(last)["token"]
