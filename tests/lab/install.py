"""What the lab needs from outside: Debian packages and one Python package.

The FTP servers' packages conflict with each other, so they are unpacked side
by side into the cache folder and never installed.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

TOOLS = ["tcpdump", "nftables", "iproute2", "openssl", "curl", "lftp", "ncftp", "tnftp", "tshark", "util-linux"]
# Shared libraries of the unpacked servers.
LIBRARIES = [
    "libacl1", "libcap2", "libhiredis0.14", "libidn2-0", "libmemcached11", "libmemcachedutil2",
    "libncursesw6", "libpam-modules", "libpam0g", "libpcre2-posix3", "libsodium23", "libwrap0",
]
SERVERS = ["vsftpd", "proftpd-core", "proftpd-mod-crypto", "pure-ftpd"]
PROGRAMS = ["tcpdump", "nft", "ip", "openssl", "curl", "lftp", "ncftpput", "tnftp", "editcap", "unshare", "setpriv"]


def default_cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "ftpscope-lab"


def missing(cache: Path) -> list[str]:
    """Names what --install would still have to fetch."""
    lacking = [program for program in PROGRAMS if shutil.which(program) is None]
    lacking += [server for server in SERVERS if not (cache / server).is_dir()]
    # PyOpenSSL is what pyftpdlib's FTPS needs: without it a handler is missing.
    lacking += [module for module in ("pyftpdlib", "OpenSSL") if not (cache / "python" / module).is_dir()]
    return lacking


def versions(cache: Path) -> dict[str, str]:
    """The upstream version of each program that a sidecar names."""
    found = {}
    for client in ("curl", "lftp", "ncftp", "tnftp"):
        found[client] = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", client],
                                       capture_output=True, text=True, check=True).stdout
    for package, server in (("vsftpd", "vsftpd"), ("proftpd-core", "proftpd"), ("pure-ftpd", "pure-ftpd")):
        found[server] = next((cache / "debs").glob(f"{package}_*.deb")).name.split("_")[1].replace("%3a", ":")
    found["pyftpdlib"] = next((cache / "python").glob("pyftpdlib-*.dist-info")).name.split("-")[1].removesuffix(".dist")
    return {name: re.split(r"[-+]", version.split(":")[-1])[0] for name, version in found.items()}


def install(cache: Path) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    apt = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"]
    subprocess.run([*apt, "update"], check=True, env=env)
    subprocess.run([*apt, "install", "-y", "--no-install-recommends", *TOOLS, *LIBRARIES], check=True, env=env)
    downloads = cache / "debs"
    shutil.rmtree(downloads, ignore_errors=True)
    downloads.mkdir()
    subprocess.run(["apt-get", "-q", "download", *SERVERS], check=True, env=env, cwd=downloads)
    for server in SERVERS:
        shutil.rmtree(cache / server, ignore_errors=True)
        package = next(downloads.glob(f"{server}_*.deb"))
        subprocess.run(["dpkg", "-x", package, cache / server], check=True)
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--upgrade", "--target", cache / "python", "pyftpdlib[ssl]"],
        check=True,
    )
