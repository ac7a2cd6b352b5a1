"""A network namespace of the benchmark's own: Janus refuses loopback, and no load shall leave the machine."""

import os
import shutil
import sys

ADDRESS = "198.18.0.1"  # RFC 2544: set aside for benchmarks
_MARK = "BENCH_NAMESPACE"
_SET_UP = f"""
ip link set lo up
ip link add bench0 type veth peer name bench1
ip addr add {ADDRESS}/24 dev bench0
ip link set bench0 up
ip link set bench1 up
exec "$@"
"""


def enter_namespace(module: str) -> None:
    """Run `python -m module` again inside a fresh namespace with lo and one other interface; returns when inside.

    Ends the process with a message where that needs rights or tools that are not there.
    """
    if os.environ.get(_MARK):
        return
    if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("ip"):
        sys.exit("this benchmark needs root and iproute2, for a network namespace of its own")
    os.environ[_MARK] = "1"
    command = ["unshare", "--net", "sh", "-ec", _SET_UP, "sh", sys.executable, "-m", module, *sys.argv[1:]]
    os.execvp(command[0], command)
