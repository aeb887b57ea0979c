"""A real WordPress: Debian's, behind nginx and Apache, with a MariaDB, as docs/how-to/wordpress.rst sets them up.

All of it is unpacked by ``scripts/unpack wordpress``; nothing that is installed is read or touched.  The page's own
files are used; ports, and folders for the test's own, take the places of theirs.  MariaDB and Apache refuse to work for
root: where root runs the tests all of them are nobody's, with root's way with files, as pytest's folders are root's.
"""

from __future__ import annotations

import datetime
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from socket import AF_UNIX, socket

import trustme
from docutils import nodes

from demo import unpacked
from demo.configuration import adapted
from tests.helpers.examples import HUNG
from tests.helpers.pages import tree_of
from tests.helpers.places import ROOT
from tests.helpers.ports import free_port
from tests.helpers.stores import listens, wait

HOST = "www.example.org"
TITLE = "The blog"
USER, PASSWORD = "monitor", "s3cret of the monitor"
PAGE = ROOT / "docs" / "how-to" / "wordpress.rst"
SET = "wordpress"
_NOBODY = 65534
_AS_NOBODY = (
    "setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups",
    "--inh-caps=+dac_override", "--ambient-caps=+dac_override",
    "--securebits=+no_setuid_fixup",  # else access(2), by which PHP looks whether a file is there, forgets them
)  # fmt: skip


def files() -> dict[str, str]:
    """The page's files by their paths, which are in a comment at their heads."""
    blocks = [block.astext() for block in tree_of(PAGE.read_text(encoding="utf-8"))[0].findall(nodes.literal_block)]
    return {path: text for text in blocks if (path := _path(text))}


def _path(text: str) -> str:
    comments = (line.removeprefix("# ") for line in text.splitlines()[:2] if line.startswith("# /"))
    return next(comments, "")


@dataclass(slots=True)
class Blog:
    """A running WordPress: its ports, the CA to trust, and what breaks it."""

    folder: Path
    http: int
    https: int
    apache: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def ca(self) -> Path:
        """The CA of its certificate."""
        return self.folder / "ca.pem"

    def stop(self, name: str) -> None:
        """End one of its daemons, ``mariadb``, ``apache`` or ``nginx``, and wait until it has ended."""
        process = self.processes.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(HUNG)

    def stop_all(self) -> None:
        """End what still runs."""
        for name in list(self.processes):
            self.stop(name)

    def start(self, name: str) -> None:
        """Start one of them and wait until it listens."""
        command, listening = {
            "mariadb": (self._mariadb(), self._has_database),
            "apache": (self._apache(), lambda: listens(self.apache)),
            "nginx": (self._nginx(), lambda: listens(self.http) and listens(self.https)),
        }[name]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                _as_nobody(command), env=unpacked.environment(SET), cwd=self.folder,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        wait(listening, self.said, HUNG)

    def nginx_with(self, *replacements: tuple[str, str]) -> None:
        """Start nginx again, with something replaced in its configuration."""
        self.stop("nginx")
        text = adapted("nginx.conf", self._site("/etc/nginx/sites-available/blog.conf"), replacements)
        (self.folder / "site.conf").write_text(text)
        self.start("nginx")

    def certificate(self, ends: datetime.timedelta) -> None:
        """A certificate that ends so long from now, of the CA that is trusted."""
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.ca))
        issued = authority.issue_cert(HOST, not_after=datetime.datetime.now(datetime.UTC) + ends)
        (self.folder / "blog.pem").write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(str(self.folder / "blog.key"))

    def asked_of_apache(self) -> list[str]:
        """The paths of all requests that nginx has passed on."""
        lines = (self.folder / "apache.access").read_text().splitlines()
        return [line.split(" ")[1] for line in lines]

    def said(self) -> str:
        """The ends of all logs."""
        return "\n".join(f"{log.name}: {log.read_text(errors='replace')[-2000:]}" for log in self.folder.glob("*.log"))

    # How they are set up.

    def prepare(self) -> None:
        """Files, database and the installation."""
        self.folder.chmod(0o755)
        for place in ("data", "temp"):
            (self.folder / place).mkdir()
            _give(self.folder / place)
        self._copy()
        self.certificate(datetime.timedelta(days=90))
        self._configure()
        self._make_database()
        self.start("mariadb")
        self._install()

    def _copy(self) -> None:
        """A WordPress of our own, since PHP follows links to where Debian's configuration would be looked for."""
        share = unpacked.TOOLS / SET / "usr" / "share"
        for name in ("wordpress", "javascript", "php"):
            shutil.copytree(share / name, self.folder / "share" / name, symlinks=True)
        content = self.folder / "lib" / "wp-content"
        shutil.copytree(unpacked.TOOLS / SET / "var" / "lib" / "wordpress" / "wp-content", content, symlinks=True)
        for theme in (self.folder / "share" / "wordpress" / "wp-content" / "themes").iterdir():
            (content / "themes" / theme.name).unlink(missing_ok=True)
            (content / "themes" / theme.name).symlink_to(theme)
        wp_config = self.folder / "share" / "wordpress" / "wp-config.php"
        places = (("/etc/wordpress/", f"{self.folder}/"), ("/usr/share/wordpress/", f"{self.folder}/share/wordpress/"))
        wp_config.write_text(adapted("wp-config.php", wp_config.read_text(), places))
        picture = content / "uploads" / "picture.gif"
        picture.write_bytes(_PICTURE)

    def _site(self, path: str) -> str:
        """A file of the page with what is this test's own put in."""
        text = files()[path]
        places = [
            ("/usr/share/wordpress", f"{self.folder}/share/wordpress"),
            ("/var/lib/wordpress", f"{self.folder}/lib"),
            ("/etc/wordpress/password", f"{self.folder}/password"),
            ("/etc/ssl/private/blog.key", f"{self.folder}/blog.key"),
            ("/etc/ssl/blog.pem", f"{self.folder}/blog.pem"),
            ("listen 80;", f"listen 127.0.0.1:{self.http};"),
            ("listen 443 ssl;", f"listen 127.0.0.1:{self.https} ssl;"),
            ("127.0.0.1:8080", f"127.0.0.1:{self.apache}"),
            ("'localhost'", f"'localhost:{self.folder}/mariadb.sock'"),
        ]
        return adapted(path, text, [place for place in places if place[0] in text])

    def _configure(self) -> None:
        (self.folder / "password").write_text(f"{PASSWORD}\n")
        wordpress = self._site(f"/etc/wordpress/config-{HOST}.php")
        # The administration would ask wordpress.org for news.
        (self.folder / f"config-{HOST}.php").write_text(f"{wordpress}\ndefine('WP_HTTP_BLOCK_EXTERNAL', true);\n")
        (self.folder / "site.conf").write_text(self._site("/etc/nginx/sites-available/blog.conf"))
        (self.folder / "nginx.conf").write_text(_NGINX.format(folder=self.folder, tools=unpacked.TOOLS / SET))
        site = self._site("/etc/apache2/sites-available/blog.conf")
        (self.folder / "apache.conf").write_text(
            _APACHE.format(folder=self.folder, tools=unpacked.TOOLS / SET, port=self.apache) + site
        )
        extensions = Path(unpacked.file(SET, "usr/lib/php/*/mysqli.so")).parent
        loaded = "".join(f"extension={name}\n" for name in _EXTENSIONS)
        (self.folder / "php.ini").write_text(
            f"extension_dir={extensions}\n{loaded}error_log={self.folder}/php.log\nlog_errors=1\n"
            f"sys_temp_dir={self.folder}/temp\ninclude_path=.:{self.folder}/share/php\n"
        )

    def _make_database(self) -> None:
        scripts = unpacked.TOOLS / SET / "usr" / "share" / "mysql"
        text = "create database mysql;\nuse mysql;\n"
        text += "".join((scripts / f"{name}.sql").read_text() for name in _SYSTEM_TABLES)
        text += _DATABASE.format(password=PASSWORD)
        self._done([*self._mariadb(), "--bootstrap"], text)

    def _install(self) -> None:
        script = _INSTALL.format(
            host=HOST, folder=self.folder, title=TITLE, user=USER, password=PASSWORD,
        )  # fmt: skip
        (self.folder / "install.php").write_text(script)
        php = unpacked.command(SET, "php8.2").path
        self._done([php, "-c", str(self.folder / "php.ini"), str(self.folder / "install.php")])

    def _done(self, command: Sequence[str], text: str = "") -> None:
        done = subprocess.run(
            _as_nobody(command), env=unpacked.environment(SET), cwd=self.folder, input=text,
            capture_output=True, text=True, timeout=HUNG, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (command, done.stdout[-3000:], done.stderr[-3000:], self.said())

    # Their commands.

    def _mariadb(self) -> list[str]:
        tools = unpacked.TOOLS / SET
        return [
            unpacked.command(SET, "mariadbd").path, "--no-defaults", f"--datadir={self.folder}/data",
            f"--socket={self.folder}/mariadb.sock", f"--lc-messages-dir={tools}/usr/share/mysql",
            f"--character-sets-dir={tools}/usr/share/mysql/charsets", f"--pid-file={self.folder}/data/pid",
            f"--tmpdir={self.folder}/temp", "--skip-networking", "--innodb-buffer-pool-size=32M",
            "--innodb-flush-log-at-trx-commit=0",
        ]  # fmt: skip

    def _apache(self) -> list[str]:
        return [unpacked.command(SET, "apache2").path, "-DFOREGROUND", "-f", str(self.folder / "apache.conf")]

    def _nginx(self) -> list[str]:
        return [unpacked.command(SET, "nginx").path, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]

    def _has_database(self) -> bool:
        with socket(AF_UNIX) as probe:
            return probe.connect_ex(str(self.folder / "mariadb.sock")) == 0


@contextmanager
def blog(folder: Path) -> Iterator[Blog]:
    """The whole of it, installed, with a post, a picture and a user who may look at the Dashboard."""
    made = Blog(folder, free_port(), free_port(), free_port())
    with ExitStack() as ends:
        ends.callback(lambda: shutil.rmtree(folder / "share"))
        ends.callback(made.stop_all)
        made.prepare()
        made.start("apache")
        made.start("nginx")
        yield made


def _as_nobody(command: Sequence[str]) -> list[str]:
    return [*(_AS_NOBODY if os.geteuid() == 0 else ()), *command]


def _give(place: Path) -> None:
    if os.geteuid() == 0:
        os.chown(place, _NOBODY, _NOBODY)


_PICTURE = bytes.fromhex("47494638396101000100800000ffffff00000021f90400000000002c00000000010001000002024401003b")
_SYSTEM_TABLES = ("mysql_system_tables", "mysql_performance_tables", "mysql_system_tables_data")
_EXTENSIONS = ("mysqlnd", "mysqli", "ctype", "tokenizer", "fileinfo", "posix", "iconv", "gd", "exif")
_DATABASE = """
create database wordpress character set utf8mb4;
flush privileges;
create user 'wordpress'@'localhost' identified by '{password}';
grant all on wordpress.* to 'wordpress'@'localhost';
"""

_NGINX = """daemon off;
pid {folder}/temp/nginx.pid;
error_log {folder}/nginx.log;
worker_processes 1;
events {{ worker_connections 128; }}
http {{
    include {tools}/etc/nginx/mime.types;
    access_log {folder}/nginx.access;
    client_body_temp_path {folder}/temp/body;
    proxy_temp_path {folder}/temp/proxy;
    fastcgi_temp_path {folder}/temp/fastcgi;
    uwsgi_temp_path {folder}/temp/uwsgi;
    scgi_temp_path {folder}/temp/scgi;
    include {folder}/site.conf;
}}
"""

_APACHE = """ServerRoot {folder}
PidFile {folder}/temp/apache.pid
DefaultRuntimeDir {folder}/temp
Mutex file:{folder}/temp
ErrorLog {folder}/apache.log
LogFormat "%m %U %>s" short
CustomLog {folder}/apache.access short
ServerName localhost
Listen 127.0.0.1:{port}
LoadModule mpm_prefork_module {tools}/usr/lib/apache2/modules/mod_mpm_prefork.so
LoadModule authz_core_module {tools}/usr/lib/apache2/modules/mod_authz_core.so
LoadModule alias_module {tools}/usr/lib/apache2/modules/mod_alias.so
LoadModule dir_module {tools}/usr/lib/apache2/modules/mod_dir.so
LoadModule mime_module {tools}/usr/lib/apache2/modules/mod_mime.so
LoadModule php_module {tools}/usr/lib/apache2/modules/libphp8.2.so
TypesConfig {tools}/etc/nginx/mime.types
PHPIniDir {folder}
StartServers 2
MaxRequestWorkers 8
<FilesMatch "\\.php$">
  SetHandler application/x-httpd-php
</FilesMatch>
"""

_INSTALL = """<?php
$_SERVER['HTTP_HOST'] = '{host}';
$_SERVER['REQUEST_URI'] = '/';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
define('WP_INSTALLING', true);
function wp_new_blog_notification($title, $url, $user, $password) {{}}
require '{folder}/share/wordpress/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('{title}', 'owner', 'owner@example.org', true, '', wp_generate_password());
update_option('permalink_structure', '/%postname%/');
$post = get_post(1);
$picture = '<p><img src="http://{host}/wp-content/uploads/picture.gif" alt="A picture"></p>';
wp_update_post(array('ID' => 1, 'post_content' => $post->post_content . $picture));
update_option('show_avatars', 0);
wp_insert_user(array('user_login' => '{user}', 'user_pass' => '{password}', 'role' => 'contributor'));
"""
