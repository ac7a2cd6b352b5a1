"""FFmpeg's WHIP muxer: offers `a=setup:passive`, so here our side begins the DTLS handshake."""

import asyncio
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from classroom.clock import SystemClock
from tests.harness.eventually import eventually
from tests.harness.world import World
from tests.interop.film import HEIGHT, film_to


def write_certificate(folder: Path) -> dict[str, str]:
    """A certificate on P-256 as two files, for the muxer's options of these names."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ffmpeg")])
    now = SystemClock().now()
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(now).not_valid_after(now.replace(year=now.year + 1))
    certificate = builder.sign(key, hashes.SHA256())
    files = {"cert_file": folder / "certificate.pem", "key_file": folder / "key.pem"}
    files["cert_file"].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files["key_file"].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return {option: str(path) for option, path in files.items()}


@pytest.mark.parametrize("flags", ["", "dtls_active"])
async def test_it_publishes_and_chromium_watches(world: World, tmp_path: Path, flags: str) -> None:
    teacher = await world.teacher()
    await teacher.start(world.lesson.id)
    options = await asyncio.to_thread(write_certificate, tmp_path)
    options["authorization"] = world.tokens.issue_publish(world.lesson.id, "teacher")
    if flags:
        options["whip_flags"] = flags
    async with film_to(f"{world.server.url}/whip/{world.lesson.id}?source=teacher", "whip", options):
        await world.published(teacher)
        viewer = await world.viewer("沙湾教学点")

        async def decodes() -> bool:
            counts = await viewer.received()
            return counts.get("framesDecoded", 0) > 50 and counts["frameHeight"] == HEIGHT

        await eventually(decodes, "Chromium decodes what FFmpeg sends", 40)

    async def gone() -> bool:
        return await world.server.metric("media_publishers") == 0

    await eventually(gone, "FFmpeg has taken its leave")
