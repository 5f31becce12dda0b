"""The departments' servers for demo and tests: PostgreSQL, MariaDB, the REST service.

Real servers on free loopback ports, run as unprivileged users, stopped with their owner.
Where a server cannot be had, the departments that need it are named and left out.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from psycopg.pq import PGconn, Ping

from lake_config.contract import Contract, Server
from lake_config.errors import ComponentMissing
from lake_config.settings import ROOT, Settings, write_private
from ops.processes import Service, free_port, listening, start, stop, wait_until
from simulation.deliver.logins import ADMIN, admin_password
from simulation.deliver.rest_service import service_folder

Say = Callable[[str], None]
PACKAGES = ("mariadb-server", "postgresql")
POSTGRES_KIND, MARIADB_KIND, REST_KIND = "postgresql", "mysql", "api"


def postgres_programs() -> Path | None:
    """Folder of initdb and postgres: Debian's, or those of a Python package."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if found:
        return found[-1].parent
    packaged = list(Path(sys.prefix).rglob("pginstall/bin/postgres"))
    return packaged[0].parent if packaged else None


def install_servers(say: Say) -> frozenset[str]:
    """Install what is missing where that is allowed; kinds that cannot be had."""
    have = {POSTGRES_KIND: postgres_programs(), MARIADB_KIND: shutil.which("mariadbd")}
    may = os.geteuid() == 0 and shutil.which("apt-get")
    if may and not all(have.values()):
        say("安装 PostgreSQL 与 MariaDB（只做一次）")
        _apt("update", "-qq")
        _apt("install", "-y", "-qq", "--no-install-recommends", *PACKAGES)
        have = {
            POSTGRES_KIND: postgres_programs(),
            MARIADB_KIND: shutil.which("mariadbd"),
        }
    missing = frozenset(kind for kind, found in have.items() if not found)
    for kind in sorted(missing):
        say(f"没有 {kind} 服务器，需要它的部门将略过")
    return missing


def left_out(contracts: Sequence[Contract], missing: frozenset[str]) -> frozenset[str]:
    """Departments with a server of a kind that cannot be had."""
    return frozenset(
        contract.department
        for contract in contracts
        if missing & {server.kind for server in contract.servers}
    )


def _apt(*arguments: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", *arguments]
    run = subprocess.run(
        command,
        env=environment,
        capture_output=True,
        check=False,
        umask=0o022,  # system files are for everybody
    )
    if run.returncode:
        raise ComponentMissing(
            f"软件包安装失败：{' '.join(command)}，请手工执行查看原因。"
        )


@contextmanager
def running_sources(
    settings: Settings, contracts: Sequence[Contract], say: Say
) -> Iterator[None]:
    """All servers these contracts name, announced in state/endpoints.json."""
    starters = {
        POSTGRES_KIND: start_postgres,
        MARIADB_KIND: start_mariadb,
        REST_KIND: start_rest,
    }
    running: dict[str, int] = {}
    endpoints: dict[str, dict[str, dict[str, object]]] = {}
    forget_foreign_data(settings)
    with ExitStack() as stack:
        for contract in contracts:
            found = endpoints.setdefault(contract.department, {})
            for server in contract.servers:
                if server.environment != "dev" or server.kind not in starters:
                    continue
                # One database server for all departments, one service per department.
                key = server.kind if server.kind != REST_KIND else contract.department
                if key not in running:
                    service, port = starters[server.kind](settings, contract.department)
                    stack.callback(stop, service)
                    running[key] = port
                found[server.name] = _endpoint(server, running[key])
        path = settings.layers.state / "endpoints.json"
        write_private(path, json.dumps(endpoints))
        say(f"数据源已启动：{len(running)} 个服务")
        yield


def _endpoint(server: Server, port: int) -> dict[str, object]:
    if server.kind == REST_KIND:
        path = urlsplit(server.address["location"]).path
        return {"location": f"http://127.0.0.1:{port}{path}"}
    return {"host": "127.0.0.1", "port": port}


def data_folder(settings: Settings, name: str, user: str | None) -> Path:
    """A folder the server's user can reach: a home of mode 0700 would shut it out."""
    folder = servers_folder(settings) / name
    folder.mkdir(parents=True, exist_ok=True)
    folder.parent.chmod(0o755)
    if user:
        shutil.chown(folder, user, user)
    return folder


def servers_folder(settings: Settings) -> Path:
    """Where this lake's simulated databases lie."""
    mark = hashlib.sha256(str(settings.home).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"lake-sources-{mark}"


def forget_foreign_data(settings: Settings) -> None:
    """Databases of an earlier lake at this path have a password nobody knows any more."""
    if not (settings.layers.sources / "admin_password").exists():
        shutil.rmtree(servers_folder(settings), ignore_errors=True)


def _user(name: str) -> str | None:
    return name if os.geteuid() == 0 else None


def start_postgres(settings: Settings, department: str) -> tuple[Service, int]:
    """A PostgreSQL cluster of our own; made on first start."""
    return postgres_server(settings, "postgresql", ADMIN, admin_password(settings))


def postgres_server(
    settings: Settings, name: str, owner: str, password: str
) -> tuple[Service, int]:
    """A cluster in a folder of its name; `owner` and password hold from its first start."""
    programs, user = postgres_programs(), _user("postgres")
    if programs is None:
        raise ComponentMissing("没有 PostgreSQL。请执行：apt-get install -y postgresql")
    folder = data_folder(settings, name, user)
    if not (folder / "data" / "PG_VERSION").exists():
        _init_postgres(programs, folder, user, owner, password)
    port = free_port()
    command = [str(programs / "postgres"), "-D", str(folder / "data"), "-p", str(port)]
    command += ["-c", "listen_addresses=127.0.0.1", "-k", str(folder)]
    service = start(name, command, settings.layers.logs / f"{name}.log", {}, user)
    wait_until(service, lambda: _takes_logins(port), 60)
    return service, port


def _takes_logins(port: int) -> bool:
    """PostgreSQL listens before it is ready, and turns away who comes too early."""
    return PGconn.ping(f"host=127.0.0.1 port={port}".encode()) == Ping.OK


def _init_postgres(
    programs: Path, folder: Path, user: str | None, owner: str, password: str
) -> None:
    secret = folder / "password"
    secret.write_text(password, encoding="utf-8")
    if user:
        shutil.chown(secret, user, user)
    command = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", owner]
    command += ["--auth=scram-sha-256", f"--pwfile={secret}", "-E", "UTF8"]
    _quietly([*command, "--locale=C.UTF-8"], user)
    secret.unlink()


def start_mariadb(settings: Settings, department: str) -> tuple[Service, int]:
    """A MariaDB server of our own; made on first start."""
    user = _user("mysql")
    folder = data_folder(settings, "mariadb", user)
    fresh = not (folder / "data").exists()
    if fresh:
        command = ["mariadb-install-db", "--no-defaults", f"--datadir={folder}/data"]
        command += ["--auth-root-authentication-method=normal", "--skip-test-db"]
        # Two that are made at once would take each other's temporary tables away.
        command += [f"--tmpdir={folder}"]
        _quietly(command, user)
    port = free_port()
    command = [
        "mariadbd",
        "--no-defaults",
        f"--datadir={folder}/data",
        f"--port={port}",
    ]
    command += ["--bind-address=127.0.0.1", f"--socket={folder}/s.sock"]
    command += [f"--pid-file={folder}/pid", "--local-infile=1", "--skip-name-resolve"]
    log = settings.layers.logs / "mariadb.log"
    service = start("mariadb", command, log, {}, user)
    wait_until(service, lambda: listening(port), 60)
    if fresh:
        _mariadb_admin(folder / "s.sock", admin_password(settings))
    return service, port


def _mariadb_admin(socket: Path, password: str) -> None:
    """One administrator with a password; the passwordless root is removed."""
    import pymysql

    with pymysql.connect(unix_socket=str(socket), user="root") as admin:
        with admin.cursor() as cursor:
            user = f"'{ADMIN}'@'127.0.0.1'"
            cursor.execute(f"create user {user} identified by %s", [password])
            cursor.execute(f"grant all on *.* to {user} with grant option")
            cursor.execute("delete from mysql.global_priv where User in ('root', '')")
            cursor.execute("flush privileges")


def start_rest(settings: Settings, department: str) -> tuple[Service, int]:
    """The department's own service process."""
    folder, port = service_folder(settings, department), free_port()
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "simulation.deliver.rest_service"]
    log = settings.layers.logs / f"rest-{department}.log"
    environment = {"PYTHONPATH": str(ROOT)}
    service = start("rest", [*command, str(folder), str(port)], log, environment)
    wait_until(service, lambda: listening(port), 30)
    return service, port


def _quietly(command: list[str], user: str | None) -> None:
    run = subprocess.run(
        command,
        user=user,
        group=user,
        extra_groups=[] if user else None,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise ComponentMissing(f"{command[0]} 失败：{run.stderr[-800:]}")
