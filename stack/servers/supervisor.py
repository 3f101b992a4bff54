"""Runs the servers under supervisord. It restarts a server that has ended, and rotates the logs."""

import hashlib
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

import psutil
from supervisor.xmlrpc import Faults, SupervisorTransport

from infra.paths import ROOT
from stack.instance import Instance
from stack.servers.definitions import Server

MARK = "GUILDHALL_INSTANCE"  # environment variable that every process of an instance has, so that `down` can find it
MAX_SOCKET_PATH_BYTES = 100  # below the limit of the kernel, which is 108


def socket_path(instance: Instance) -> Path:
    """Return the path of supervisord's socket. It is in a temporary folder if the instance's path is too long."""
    path = instance.folder("run") / "supervisor.sock"
    if len(str(path)) <= MAX_SOCKET_PATH_BYTES:
        return path
    digest = hashlib.sha256(str(instance.home).encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"guildhall-{os.getuid()}-{digest}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / "supervisor.sock"


def call(instance: Instance, method: str, *arguments: object) -> Any:
    """Call a method of supervisord.

    Raises OSError if supervisord does not run, and xmlrpc.client.Fault if it refuses the call.
    """
    transport = SupervisorTransport(None, None, serverurl=f"unix://{socket_path(instance)}")
    try:
        return getattr(ServerProxy("http://127.0.0.1", transport=transport).supervisor, method)(*arguments)
    finally:
        transport.close()


def start(instance: Instance, name: str) -> None:
    """Start a server, unless it already runs or supervisord is about to restart it."""
    try:
        call(instance, "startProcess", name, False)
    except Fault as fault:
        if fault.faultCode != Faults.ALREADY_STARTED:
            raise


def stop(instance: Instance, name: str) -> None:
    """Stop a server if it runs."""
    try:
        call(instance, "stopProcess", name)
    except Fault as fault:
        if fault.faultCode != Faults.NOT_RUNNING:
            raise


def processes(instance: Instance) -> dict[str, dict[str, Any]]:
    """Return what supervisord knows about each server, such as its state, process id and start time.

    Raises OSError if supervisord does not run.
    """
    return {info["name"]: info for info in call(instance, "getAllProcessInfo")}


def is_running(instance: Instance) -> bool:
    """Return whether the supervisord of this instance responds."""
    try:
        return bool(call(instance, "getState")["statecode"] == 1)
    except OSError:
        return False


def start_daemon(instance: Instance, all_servers: list[Server]) -> None:
    """Start supervisord, but none of the servers. Raises subprocess.CalledProcessError if it does not start."""
    path = _configuration_file(instance)
    path.touch(mode=0o600)
    path.write_text(_configuration(instance, all_servers))
    socket_path(instance).unlink(missing_ok=True)
    subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "supervisor.supervisord", "-c", str(path)],
        check=True,
        env=environment(instance),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )


def environment(instance: Instance) -> dict[str, str]:
    """Return the environment variables that all servers share. The definition of a server may add others."""
    # Leave out settings from the user's shell, because the servers must use the settings in the instance file.
    inherited = {n: v for n, v in os.environ.items() if not n.startswith("GUILDHALL_") or n == "GUILDHALL_CACHE"}
    return inherited | {MARK: str(instance.home)}


def restart_with_new_definition(instance: Instance, all_servers: list[Server], name: str) -> None:
    """Restart one server with its current definition. The other servers continue to run."""
    _configuration_file(instance).write_text(_configuration(instance, all_servers))
    call(instance, "reloadConfig")
    stop(instance, name)
    call(instance, "removeProcessGroup", name)
    call(instance, "addProcessGroup", name)
    start(instance, name)


def is_current(instance: Instance, all_servers: list[Server]) -> bool:
    """Return whether supervisord was started with the current definitions, and not with earlier ones."""
    path = _configuration_file(instance)
    return path.exists() and path.read_text() == _configuration(instance, all_servers)


def _configuration_file(instance: Instance) -> Path:
    return instance.folder("conf") / "supervisord.conf"


def _configuration(instance: Instance, all_servers: list[Server]) -> str:
    run, logs = instance.folder("run"), instance.folder("logs")
    head = f"""[unix_http_server]
file={socket_path(instance)}
chmod=0700
[supervisord]
logfile={logs}/supervisord.log
pidfile={run}/supervisord.pid
childlogdir={logs}
minfds=256
minprocs=64
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""
    return head + "".join(_program(server, logs) for server in all_servers)


def _program(server: Server, logs: Path) -> str:
    variables = ",".join(f'{name}="{value}"' for name, value in server.environment.items())
    command = " ".join(shlex.quote(part) for part in server.command)
    text = f"""[program:{server.name}]
command={command}
directory={ROOT}
environment={variables}
autostart=false
autorestart=true
startsecs=4
startretries=5
stopasgroup=true
killasgroup=true
stopwaitsecs=20
redirect_stderr=true
stdout_logfile={logs}/{server.name}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=3
"""
    return text.replace("%", "%%")


def marked_processes(instance: Instance) -> list[psutil.Process]:
    """Return all processes of this instance, with or without a supervisor, except this process and its parents."""
    own = {os.getpid(), *(p.pid for p in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid not in own and process.environ().get(MARK) == str(instance.home):
                found.append(process)
        except psutil.Error:
            continue
    return found


def kill_orphans(instance: Instance) -> list[str]:
    """End the remaining processes of this instance, first with SIGTERM, then with SIGKILL. Returns their names."""
    marked = marked_processes(instance)
    names = []
    for process in marked:
        try:
            names.append(process.name())
            process.terminate()
        except psutil.NoSuchProcess:
            continue
    _gone, alive = psutil.wait_procs(marked, timeout=15)
    for process in alive:
        process.kill()
    psutil.wait_procs(alive, timeout=10)
    return names
