"""Defines the notebook server, a service in docker-compose.yml. Its container can reach only Presto and the API."""

import shutil
import sys

import requests

from infra.paths import ROOT
from stack.instance import Instance
from stack.servers.definitions import Server

PORT = 8888  # Jupyter's default port, which is always free because the container has no other server


def server(instance: Instance) -> Server:
    """Return the definition of a Jupyter server that works on copies of the project's notebooks.

    The server requires the token from the instance file.
    """
    folder = instance.folder("notebooks")

    def copy_notebooks() -> None:
        for path in ROOT.glob("*.ipynb"):
            # Keep an existing copy, because the user may have edited it.
            if not (folder / path.name).exists():
                shutil.copyfile(path, folder / path.name)

    command = [sys.executable, "-m", "notebook", "--no-browser", f"--port={PORT}", f"--ServerApp.root_dir={folder}"]
    # Listen on all addresses, because traffic to the published port arrives from outside the container. The host
    # publishes the port only on its loopback interface.
    command += ["--ServerApp.ip=0.0.0.0", "--ServerApp.port_retries=0"]
    return Server(
        "jupyter",
        command,
        [],
        lambda: requests.get(f"http://127.0.0.1:{PORT}/api", timeout=3).status_code == 200,
        # Set PYTHONPATH, because the copies are outside the project folder and import the packages of the project.
        environment={
            **instance.environment("inspector"),
            "JUPYTER_TOKEN": instance.secrets["jupyter"],
            "PYTHONPATH": str(ROOT),
        },
        before_start=copy_notebooks,
    )


def url(instance: Instance, port: int = PORT) -> str:
    """Return the URL of the notebook server, including the token."""
    return f"http://127.0.0.1:{port}/tree?token={instance.secrets['jupyter']}"
