"""`qianshou doctor`: will a lesson work on this machine? One line per check, each failure with its remedy."""

import asyncio
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

import click

from classroom.bus.open import open_bus
from classroom.catalog import text_of
from classroom.cli.main import language, say
from classroom.cli.options import run_async, server_options, settings_of
from classroom.clock import SystemClock
from classroom.errors import ClassroomError
from classroom.settings import Settings
from classroom.store.store import Store

# A day of lessons is about 10 GB per room; below this the archive would stop within the first one.
_FREE_BYTES = 5 * 10**9
# linux/udp.h; Python's socket module does not name it.
_UDP_SEGMENT = 103


class Verdict(StrEnum):
    """`WARN` works, but worse than it could; `FAIL` does not work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """`remedy` is empty when there is nothing to do."""

    check: str
    verdict: Verdict
    found: str
    remedy: str = ""


Check = Callable[[Settings], Awaitable[Finding]]


async def check_python(settings: Settings) -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", Verdict.OK if sys.version_info >= (3, 11) else Verdict.FAIL, version)


async def check_data(settings: Settings) -> Finding:
    """Can files be made in the data directory, and is there room for a day of lessons?"""
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=settings.data) as file:
            file.write(b"doctor")
            file.flush()
            os.fsync(file.fileno())
        free = shutil.disk_usage(settings.data).free
    except OSError as error:
        return Finding(
            "data",
            Verdict.FAIL,
            f"{settings.data}: {error.strerror or error}",
            say("请用 --data 指定可写的目录。", "Name a writable directory with --data."),
        )
    found = say(f"{settings.data},可用 {free / 1e9:.1f} GB", f"{settings.data}, {free / 1e9:.1f} GB free")
    if free < _FREE_BYTES:
        return Finding("data", Verdict.WARN, found, say("请清理磁盘空间。", "Free some space."))
    return Finding("data", Verdict.OK, found)


async def check_database(settings: Settings) -> Finding:
    store = await Store.open(settings.store_url)
    try:
        await store.check()
        return Finding("database", Verdict.OK, store.where)
    finally:
        await store.close()


async def check_bus(settings: Settings) -> Finding:
    bus = open_bus(settings, SystemClock())
    await bus.start()
    try:
        await bus.put("doctor", "1", 5)
        await bus.get("doctor")
    finally:
        await bus.close()
    return Finding("bus", Verdict.OK, settings.bus_url.partition("://")[0] or "memory")


def _port(check: str, kind: socket.SocketKind, host: str, port: int, option: str) -> Finding:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            remedy = say(
                f"请停止占用它的程序(也可能是正在运行的牵手课堂),或用 {option} 换一个端口。",
                f"Stop the program that has it (perhaps Qianshou itself is running), or choose another with {option}.",
            )
            return Finding(check, Verdict.FAIL, f"{port}: {error.strerror or error}", remedy)
    return Finding(check, Verdict.OK, str(port))


async def check_tcp_port(settings: Settings) -> Finding:
    return _port("port", socket.SOCK_STREAM, settings.host, settings.port, "--port")


async def check_media_port(settings: Settings) -> Finding:
    findings = [
        _port("media port", kind, settings.host, settings.media_port, "--media-port")
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)
    ]
    return next((finding for finding in findings if finding.verdict is not Verdict.OK), findings[0])


async def check_addresses(settings: Settings) -> Finding:
    """Browsers are told to send to these; one that is not ours makes every picture stay black."""
    foreign: list[str] = []
    for address in settings.media_addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((address, 0))
            except OSError:
                foreign.append(address)
    found = ", ".join(settings.media_addresses)
    if foreign:
        remedy = say(
            f"{'、'.join(foreign)} 不是本机地址:请确认路由器把 UDP 和 TCP {settings.media_port} 转发到本机。",
            f"{', '.join(foreign)} is not of this machine: forward UDP and TCP {settings.media_port} to this one.",
        )
        return Finding("media addresses", Verdict.WARN, found, remedy)
    if all(address.startswith("127.") for address in settings.media_addresses):
        remedy = say(
            "只有本机能观看:请连接网络或设置 media_addresses。", "Only this machine can watch: connect to a network."
        )
        return Finding("media addresses", Verdict.WARN, found, remedy)
    return Finding("media addresses", Verdict.OK, found)


async def check_segmentation(settings: Settings) -> Finding:
    """UDP_SEGMENT (Linux ≥ 4.18) sends many packets in one call: about half the processor time per viewer."""
    remedy = say(
        "请使用 Linux 4.18 以上的内核;现在也能运行,但耗用更多处理器。", "Linux 4.18 or newer needs less processor."
    )
    if not sys.platform.startswith("linux"):
        return Finding("udp gso", Verdict.WARN, sys.platform, remedy)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.setsockopt(socket.IPPROTO_UDP, _UDP_SEGMENT, 1200)
        except OSError as error:
            return Finding("udp gso", Verdict.WARN, error.strerror or str(error), remedy)
    return Finding("udp gso", Verdict.OK, os.uname().release)


async def check_codecs(settings: Settings) -> Finding:
    """What a room agent on this machine would encode with."""
    try:
        import av
    except ImportError as error:
        return Finding("codecs", Verdict.FAIL, str(error), say("请重新安装本程序。", "Install this program again."))
    missing: list[str] = []
    for name in ("libx264", "libopus"):
        try:
            av.codec.Codec(name, "w")
        except ValueError:
            missing.append(name)
    if missing:
        remedy = say("请安装 PyPI 上的 av 包,其中带有编码器。", "Install the av package of PyPI, which carries them.")
        return Finding("codecs", Verdict.FAIL, say("缺少 ", "without ") + ", ".join(missing), remedy)
    hardware: list[str] = []
    for name in ("h264_nvenc", "h264_qsv", "h264_vaapi", "h264_v4l2m2m", "h264_videotoolbox"):
        # Compiled in says nothing about the machine: only opening one shows whether the driver is there.
        try:
            encoder = av.CodecContext.create(name, "w")
            if not isinstance(encoder, av.VideoCodecContext):
                continue
            encoder.width, encoder.height, encoder.pix_fmt = 640, 360, "yuv420p"
            encoder.time_base = Fraction(1, 25)
            encoder.open()
        except (ValueError, OSError, av.FFmpegError):
            continue
        hardware.append(name)
    return Finding("codecs", Verdict.OK, ", ".join(["libx264", "libopus", *hardware]))


async def check_pages(settings: Settings) -> Finding:
    """Are the built pages part of this installation?"""
    from importlib.util import find_spec

    spec = find_spec("web_ui")
    folders = [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
    if any((folder / "static").is_dir() and any((folder / "static").iterdir()) for folder in folders):
        return Finding("pages", Verdict.OK, "web_ui")
    return Finding(
        "pages",
        Verdict.FAIL,
        say("没有页面文件", "not built"),
        say("请运行 make pages 或重新安装。", "Run make, or install again."),
    )


CHECKS: tuple[tuple[str, Check], ...] = (
    ("python", check_python),
    ("data", check_data),
    ("database", check_database),
    ("bus", check_bus),
    ("port", check_tcp_port),
    ("media port", check_media_port),
    ("media addresses", check_addresses),
    ("udp gso", check_segmentation),
    ("codecs", check_codecs),
    ("pages", check_pages),
)


async def examine(settings: Settings) -> list[Finding]:
    """Run every check; an expected error of one is its finding."""
    findings: list[Finding] = []
    for name, check in CHECKS:
        try:
            async with asyncio.timeout(20):
                findings.append(await check(settings))
        except ClassroomError as error:
            text = text_of(error, language())
            findings.append(Finding(name, Verdict.FAIL, text.message, text.remedy))
        except TimeoutError:
            findings.append(Finding(name, Verdict.FAIL, say("20 秒内没有回应", "no answer within 20 s")))
    return findings


@click.command()
@server_options
def doctor(config: Path | None, data: Path | None) -> int:
    """Check data directory, ports, database, bus, codecs and network of this machine.

    Exit code 1 when something does not work.
    """
    findings = run_async(examine(settings_of(config, data=data)))
    width = max(len(finding.check) for finding in findings)
    for finding in findings:
        line = f"{finding.verdict.value:4}  {finding.check:{width}}  {finding.found}"
        click.echo(f"{line}  → {finding.remedy}" if finding.remedy else line)
    return 1 if any(finding.verdict is Verdict.FAIL for finding in findings) else 0
