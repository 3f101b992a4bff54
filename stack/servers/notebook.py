"""The notebook's server, as a service of docker-compose.yml. It sees Presto, and no other server."""

import shutil
import sys

import requests

from infra.paths import ROOT
from stack.instance import Instance
from stack.servers.definitions import Server

PORT = 8888  # Jupyter's own; inside of a container it is nobody else's


def server(instance: Instance) -> Server:
    """Jupyter on a copy of the project's notebooks, open to who has the token."""
    folder = instance.folder("notebooks")

    def bring_notebooks() -> None:
        for path in ROOT.glob("*.ipynb"):
            # What somebody has written there stays.
            if not (folder / path.name).exists():
                shutil.copyfile(path, folder / path.name)

    command = [sys.executable, "-m", "notebook", "--no-browser", f"--port={PORT}", f"--ServerApp.root_dir={folder}"]
    # The port is published on loopback; what publishes it comes from outside of the container.
    command += ["--ServerApp.ip=0.0.0.0", "--ServerApp.port_retries=0"]
    return Server(
        "jupyter",
        command,
        [],
        lambda: requests.get(f"http://127.0.0.1:{PORT}/api", timeout=3).status_code == 200,
        # The notebooks are copies elsewhere, and import the project's packages.
        environment={
            **instance.environment("inspector"),
            "JUPYTER_TOKEN": instance.secrets["jupyter"],
            "PYTHONPATH": str(ROOT),
        },
        before_start=bring_notebooks,
    )


def url(instance: Instance, port: int = PORT) -> str:
    """Where a browser finds it, with the token."""
    return f"http://127.0.0.1:{port}/tree?token={instance.secrets['jupyter']}"
