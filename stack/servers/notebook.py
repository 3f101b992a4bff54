"""The notebook server, a service of docker-compose.yml. Its container reaches Presto and the API only."""

import shutil
import sys

import requests

from infra.paths import ROOT
from stack.instance import Instance
from stack.servers.definitions import Server

PORT = 8888  # Jupyter's default; a container has no other server that could use it


def server(instance: Instance) -> Server:
    """Return Jupyter on a copy of the project's notebooks. It requires the instance's token."""
    folder = instance.folder("notebooks")

    def copy_notebooks() -> None:
        for path in ROOT.glob("*.ipynb"):
            # Keep a copy that exists: it may have been edited.
            if not (folder / path.name).exists():
                shutil.copyfile(path, folder / path.name)

    command = [sys.executable, "-m", "notebook", "--no-browser", f"--port={PORT}", f"--ServerApp.root_dir={folder}"]
    # Traffic of the published port arrives from outside the container. It is published on the host's loopback only.
    command += ["--ServerApp.ip=0.0.0.0", "--ServerApp.port_retries=0"]
    return Server(
        "jupyter",
        command,
        [],
        lambda: requests.get(f"http://127.0.0.1:{PORT}/api", timeout=3).status_code == 200,
        # The copies lie outside the project, but import its packages.
        environment={
            **instance.environment("inspector"),
            "JUPYTER_TOKEN": instance.secrets["jupyter"],
            "PYTHONPATH": str(ROOT),
        },
        before_start=copy_notebooks,
    )


def url(instance: Instance, port: int = PORT) -> str:
    """Return the URL for a browser, with the token."""
    return f"http://127.0.0.1:{port}/tree?token={instance.secrets['jupyter']}"
