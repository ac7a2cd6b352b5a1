"""HLS playlists of a recording (RFC 8216, and rfc8216bis for EXT-X-GAP), written from manifests alone: pure.

A **clip** is a segment as a player may be offered it: where it lies in time, where it is fetched, which header it
needs. A **listing** is what one rendition's playlist names, in order; it only grows, so that a playlist once served
stays true (RFC 8216 § 6.2.1). A **hole** is time without a clip: listed as EXT-X-GAP when it is long enough to notice,
so that playlist time is recording time on every rendition. A **break** is a moment at which some rendition's header
changes; every rendition of the recording counts every break (EXT-X-DISCONTINUITY), because players find what belongs
together by that count. A **rendition** is one picture or sound in one codec.
"""
