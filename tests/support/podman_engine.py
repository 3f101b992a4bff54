"""A container engine for tests: podman from Debian, with all its files below one folder.

It needs no registry, Docker daemon or systemd. debootstrap makes the base image, which is imported under the name that
the Dockerfile has; docker-compose talks to podman's own service; and because podman leaves health checks to systemd, a
thread calls them.
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

SUITE = "bookworm"  # Debian's name of the Dockerfile's default base image
PAUSE_SECONDS = 2  # between two rounds of health checks; each check takes a good part of a second

# Machines that are containers themselves accept these limits and this runtime. A process of podman stays for the delay
# after each command in a container to report its exit code; the default is five minutes.
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

# Where the kernel counts the memory of containers: version 1 of control groups, and version 2.
GROUPS = ("/sys/fs/cgroup/memory", "/sys/fs/cgroup")


def _service(container: dict) -> str:
    return (container["Labels"] or {}).get("com.docker.compose.service", "")


def _processes_of(folder: Path) -> list[str]:
    """Return the ids of processes for this folder: conmon, which monitors a container, has it in its arguments."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            if os.fsencode(folder) in (process / "cmdline").read_bytes():
                found.append(process.name)
    return found


class Engine:
    """podman and docker-compose, for one project.

    ``figures`` has the measurements, ``memory`` the most MB that each service had at any check, without what the kernel
    can take back, and ``out_of_memory`` the services of which the kernel killed a process at their limit.
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
            "COMPOSE_DOCKER_CLI_BUILD": "0",  # without a docker command
            **variables,
        }
        (folder / "networks").mkdir(parents=True, exist_ok=True)
        (folder / "containers.conf").write_text(CONTAINERS.format(folder=folder))
        (folder / "storage.conf").write_text(STORAGE.format(folder=folder))

    def podman(self, *arguments: str, seconds: float = 60) -> str:
        """Run podman. Returns its output, and raises as ``run`` does."""
        return self.run(["podman", *arguments], seconds)

    def compose(self, *arguments: str, seconds: float = 120) -> str:
        """Run docker-compose on docker-compose.yml of the copied tree. Returns its output."""
        return self.run(["docker-compose", "--ansi", "never", "-p", self.project, *arguments], seconds)

    def down(self, *arguments: str) -> None:
        """Take the project down.

        podman removes the owner of the network only when no container uses it, where Docker does not ask.
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

        Raises AssertionError if the command fails, and TimeoutExpired.
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
            start_new_session=True,  # a terminal would stop a background process that asks for its size
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
        """Run podman's service and a thread for the health checks, and remove everything afterwards."""
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
            # podman mounts this folder onto itself and leaves the mount behind.
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
            except OSError:  # of the other version, or of a container that has just ended
                continue
            megabytes = int(words.get("total_rss") or words["anon"]) >> 20
            self.memory[service] = max(self.memory.get(service, 0), megabytes)
            if killed:
                self.out_of_memory.add(service)

    def _remove_all(self) -> None:
        # Everything in this storage belongs to the test, whose folder it is in. podman removes the owner of the network
        # only at the second attempt, when no other container uses it.
        remove = ["rm", "-af", "-t", "5"]
        for command in (remove, remove, ["volume", "prune", "-f"], ["network", "prune", "-f"]):
            subprocess.run(["podman", *command], env=self.environment, capture_output=True, check=False, timeout=300)
        subprocess.run(["podman", "rmi", "-af"], env=self.environment, capture_output=True, check=False, timeout=600)

    def _wait_for_the_last(self) -> None:
        # What follows the end of a command in a container would create the folders of the storage again.
        give_up = time.monotonic() + 60
        while _processes_of(self.folder) and time.monotonic() < give_up:
            time.sleep(0.5)

    def containers(self) -> list[dict]:
        """Return what podman knows of the existing containers."""
        listed = subprocess.run(
            ["podman", "ps", "-a", "--format", "json"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return json.loads(listed.stdout or "[]") if listed.returncode == 0 else []

    def health(self) -> dict[str, str]:
        """Return healthy, starting, unhealthy or another state for each service."""
        found = {}
        for container in self.containers():
            if (container["Labels"] or {}).get("com.docker.compose.oneoff") == "True":
                continue
            state = container["State"]
            word = re.search(r"\((\w+)\)", container["Status"]) if state == "running" else None
            found[_service(container)] = word.group(1) if word else state
        return found

    def copy_tree(self) -> None:
        """Copy the files of a fresh checkout of this tree, as the context of the build."""
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        for name in listed.stdout.splitlines():
            if (ROOT / name).is_file():
                (self.context / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.context / name)

    def make_base(self, tag: str) -> None:
        """Make a minimal Debian that trusts the authorities of this machine, under the name of the base image."""
        begun = time.monotonic()
        root = self.folder / "base"
        self.run(["debootstrap", "--variant=minbase", SUITE, str(root)], 1200)
        authorities = ssl.get_default_verify_paths().cafile
        if authorities:
            local = root / "usr" / "local" / "share" / "ca-certificates"
            local.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(authorities, local / "machine.crt")
        archive = self.folder / "base.tar"
        # Without the downloaded packages, which are installed.
        self.run(["tar", "-C", str(root), "--exclude=./var/cache/apt/archives/*.deb", "-cf", str(archive), "."], 300)
        self.podman("import", str(archive), tag, seconds=300)
        archive.unlink()
        shutil.rmtree(root)
        self.figures["base image, seconds"] = round(time.monotonic() - begun)
