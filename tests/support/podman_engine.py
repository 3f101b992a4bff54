"""Run a container engine for tests: podman from Debian, which keeps all its files in one folder.

The engine needs no registry, no Docker daemon and no systemd. debootstrap makes the base image, which podman imports
under the name that the Dockerfile uses. docker-compose talks to podman's own service. podman expects systemd to run the
health checks, so here a thread runs them.
"""

import json
import os
import re
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from infra.paths import ROOT

SUITE = "bookworm"  # name of the Debian release on which the Dockerfile's default base image is built
# Pause between two rounds of health checks. Each check takes most of a second, so more frequent rounds would load the
# machine.
PAUSE_SECONDS = 2

# These limits and this runtime also work on a machine that is itself a container. After each command in a container, a
# podman process stays for exit_command_delay seconds to report the exit code. The default is five minutes.
CONTAINERS = """[containers]
default_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "{folder}/tmp"
exit_command_delay = 10
[network]
network_backend = "netavark"
network_config_dir = "{folder}/networks"
"""
STORAGE = """[storage]
driver = "overlay"
graphroot = "{folder}/storage"
runroot = "{folder}/run"
"""

# Folders in which the kernel reports the memory use of containers. The first folder belongs to version 1 of control
# groups, and the second to version 2.
GROUPS = ("/sys/fs/cgroup/memory", "/sys/fs/cgroup")


def _service(container: dict) -> str:
    return (container["Labels"] or {}).get("com.docker.compose.service", "")


def _processes_of(folder: Path) -> list[str]:
    """Return the ids of the processes that have this folder in their arguments.

    One of them is conmon, which monitors a container.
    """
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # the process has ended meanwhile
            if os.fsencode(folder) in (process / "cmdline").read_bytes():
                found.append(process.name)
    return found


class Engine:
    """podman and docker-compose for one project.

    ``figures`` holds the measurements. ``memory`` holds the largest memory use of each service at any check, in MB.
    Memory that the kernel can take back does not count. ``out_of_memory`` holds each service that reached its memory
    limit, so that the kernel killed one of its processes.
    """

    def __init__(self, folder: Path, project: str, **variables: str) -> None:
        self.folder, self.project = folder, project
        self.context = folder / "context"
        self.figures: dict[str, float | str] = {}
        self.memory: dict[str, int] = {}
        self.out_of_memory: set[str] = set()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GUILDHALL_")},
            "CONTAINERS_CONF": str(folder / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
            "DOCKER_HOST": f"unix://{folder}/podman.sock",
            "COMPOSE_HTTP_TIMEOUT": "1800",
            "COMPOSE_DOCKER_CLI_BUILD": "0",  # because the command "docker" is not installed
            **variables,
        }
        (folder / "networks").mkdir(parents=True, exist_ok=True)
        (folder / "containers.conf").write_text(CONTAINERS.format(folder=folder))
        (folder / "storage.conf").write_text(STORAGE.format(folder=folder))

    def podman(self, *arguments: str, seconds: float = 60) -> str:
        """Run podman and return its output. Raises the same exceptions as ``run``."""
        return self.run(["podman", *arguments], seconds)

    def compose(self, *arguments: str, seconds: float = 120) -> str:
        """Run docker-compose with the docker-compose.yml in the copied tree. Returns the output."""
        return self.run(["docker-compose", "--ansi", "never", "-p", self.project, *arguments], seconds)

    def down(self, *arguments: str) -> None:
        """Take the project down, in up to three attempts.

        podman removes the container that owns the network only when no other container uses that network. Docker
        removes the container in any case.
        """
        for remaining in (2, 1, 0):
            try:
                self.compose("--profile", "presto", "--profile", "jupyter", "down", *arguments, seconds=300)
            except AssertionError:
                if not remaining:
                    raise
            else:
                return

    def run(self, command: list[str], seconds: float) -> str:
        """Run a command and add its output to the transcript. Returns the output.

        Raises AssertionError if the command fails, and TimeoutExpired if it takes longer than ``seconds``.
        """
        done = subprocess.run(
            command,
            env=self.environment,
            cwd=self.context if self.context.exists() else self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
            # Run the command without a terminal, because a terminal stops a background process that asks for its size.
            start_new_session=True,
        )
        with (self.folder / "transcript.log").open("a") as transcript:
            transcript.write(f"$ {' '.join(command)}\n{done.stdout}\n")
        if done.returncode:
            raise AssertionError(
                f"{' '.join(command)}: {done.returncode}\n" + "\n".join(done.stdout.splitlines()[-30:])
            )
        return done.stdout

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run podman's service, and run the health checks in a thread. At the end, remove all containers and images."""
        address = f"unix://{self.folder}/podman.sock"
        with (self.folder / "service.log").open("w") as log:
            service = subprocess.Popen(
                ["podman", "system", "service", "--time", "0", address],
                env=self.environment,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        give_up = time.monotonic() + 60
        while not (self.folder / "podman.sock").exists():
            assert time.monotonic() < give_up, (self.folder / "service.log").read_text()
            time.sleep(0.2)
        stop = threading.Event()
        nurse = threading.Thread(target=self._check_health, args=(stop,))
        nurse.start()
        try:
            yield
        finally:
            stop.set()
            nurse.join()
            self._remove_all()
            service.terminate()
            service.wait(30)
            self._wait_for_the_last()
            # Remove a mount that podman leaves behind: it mounts this folder onto itself.
            subprocess.run(["umount", f"{self.folder}/storage/overlay"], capture_output=True, check=False)

    def _check_health(self, stop: threading.Event) -> None:
        while not stop.wait(PAUSE_SECONDS):
            for container in self.containers():
                if stop.is_set():
                    return
                if container["State"] == "running":
                    self._note_memory(container)
                    command = ["podman", "healthcheck", "run", container["Id"]]
                    subprocess.run(command, env=self.environment, capture_output=True, check=False)

    def _note_memory(self, container: dict) -> None:
        service = _service(container)
        for group in GROUPS:
            try:
                folder = Path(group) / "libpod_parent" / f"libpod-{container['Id']}"
                words = dict(line.split()[:2] for line in (folder / "memory.stat").read_text().splitlines())
                events = folder / ("memory.oom_control" if "total_rss" in words else "memory.events")
                killed = int(re.search(r"^oom_kill (\d+)$", events.read_text(), re.MULTILINE).group(1))
            except OSError:  # the machine uses the other version, or the container has just ended
                continue
            megabytes = int(words.get("total_rss") or words["anon"]) >> 20
            self.memory[service] = max(self.memory.get(service, 0), megabytes)
            if killed:
                self.out_of_memory.add(service)

    def _remove_all(self) -> None:
        # This storage is in the test's own folder, so everything in it may be removed. podman removes the container
        # that owns the network only at the second attempt, when no other container uses the network.
        remove = ["rm", "-af", "-t", "5"]
        for command in (remove, remove, ["volume", "prune", "-f"], ["network", "prune", "-f"]):
            subprocess.run(["podman", *command], env=self.environment, capture_output=True, check=False, timeout=300)
        subprocess.run(["podman", "rmi", "-af"], env=self.environment, capture_output=True, check=False, timeout=600)

    def _wait_for_the_last(self) -> None:
        # Wait until podman's last processes have ended. They still run after a command in a container has ended, and
        # they would create the folders of the storage again.
        give_up = time.monotonic() + 60
        while _processes_of(self.folder) and time.monotonic() < give_up:
            time.sleep(0.5)

    def containers(self) -> list[dict]:
        """Return podman's description of each existing container."""
        listed = subprocess.run(
            ["podman", "ps", "-a", "--format", "json"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return json.loads(listed.stdout or "[]") if listed.returncode == 0 else []

    def health(self) -> dict[str, str]:
        """Return a mapping from each service to its state: healthy, starting, unhealthy or another state."""
        found = {}
        for container in self.containers():
            if (container["Labels"] or {}).get("com.docker.compose.oneoff") == "True":
                continue
            state = container["State"]
            word = re.search(r"\((\w+)\)", container["Status"]) if state == "running" else None
            found[_service(container)] = word.group(1) if word else state
        return found

    def copy_tree(self) -> None:
        """Copy the files that a fresh checkout would have into the folder from which the images are built."""
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        for name in listed.stdout.splitlines():
            if (ROOT / name).is_file():
                (self.context / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.context / name)

    def make_base(self, tag: str) -> None:
        """Make an image of a minimal Debian and give it the name ``tag``.

        The image trusts the same certificate authorities as this machine.
        """
        begun = time.monotonic()
        root = self.folder / "base"
        self.run(["debootstrap", "--variant=minbase", SUITE, str(root)], 1200)
        authorities = ssl.get_default_verify_paths().cafile
        if authorities:
            local = root / "usr" / "local" / "share" / "ca-certificates"
            local.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(authorities, local / "machine.crt")
        archive = self.folder / "base.tar"
        # Leave out the downloaded package files, because the packages are already installed.
        self.run(["tar", "-C", str(root), "--exclude=./var/cache/apt/archives/*.deb", "-cf", str(archive), "."], 300)
        self.podman("import", str(archive), tag, seconds=300)
        archive.unlink()
        shutil.rmtree(root)
        self.figures["base image, seconds"] = round(time.monotonic() - begun)
