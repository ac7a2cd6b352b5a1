"""What holds for the pictures that are recorded of any codec's packets, whatever a publisher sends."""

from collections.abc import Iterable

from classroom.fmp4.fragment import Sample, write_fragment
from classroom.fmp4.header import read_header, write_header
from classroom.fmp4.reader import read_segment
from classroom.rtp.packet import RtpPacket
from classroom.rtp.sdp import Codec
from media_server.recording.core.pictures import Pictures
from media_server.sfu.encoding import Encoding

MARKER, SAME_PICTURE, LOST, KEYFRAME = 1, 2, 4, 8


def attack(codec: Codec, chunks: Iterable[bytes]) -> None:
    """Each chunk is a packet: a flag byte and the payload."""
    encoding = Encoding("", 1, codec, video=True)
    reader = Pictures(codec)
    timestamp = 0
    for sequence, chunk in enumerate(chunks):
        flags = chunk[0] if chunk else 0
        timestamp += 0 if flags & SAME_PICTURE else 3_000
        marker = bool(flags & MARKER)
        packet = encoding.receive(RtpPacket(96, sequence, timestamp, 1, chunk[1:], marker=marker), 0.0)
        if packet is None or not packet.payload:  # padding never gets so far
            continue
        packet.keyframe = packet.keyframe or bool(flags & KEYFRAME)
        for picture in reader.take([None, packet] if flags & LOST else [packet]):
            assert picture.data
            assert not reader.waiting
            if picture.format is not None:
                assert read_header(write_header(picture.format)) is not None
            fragment = write_fragment(1, 0, [Sample(picture.data, 1, picture.format is not None)])
            assert read_segment(fragment)[0].samples[0].size == len(picture.data)
