/** Counters of one received track, as RTCStats name them (W3C webrtc-stats § inbound-rtp). */
export interface Counters {
  readonly at: number;
  readonly bytes: number;
  readonly packets: number;
  readonly lost: number;
  readonly frames: number;
  readonly freezes: number;
  readonly width: number;
  readonly height: number;
  /** Seconds, summed over everything that left the jitter buffer, and how many that was. */
  readonly bufferDelay: number;
  readonly bufferEmitted: number;
}

/** What happened to a track between two readings. */
export interface TrackStats {
  readonly kbps: number;
  readonly lossPercent: number;
  readonly fps: number;
  readonly width: number;
  readonly height: number;
  readonly freezes: number;
  readonly bufferMs: number;
}

export const NO_STATS: TrackStats = { kbps: 0, lossPercent: 0, fps: 0, width: 0, height: 0, freezes: 0, bufferMs: 0 };

/** The difference of two readings; counters that ran backwards (a new connection) count from zero. */
export function between(earlier: Counters | null, later: Counters): TrackStats {
  const since = earlier !== null && later.packets >= earlier.packets && later.at > earlier.at ? earlier : null;
  const seconds = since ? (later.at - since.at) / 1000 : 1;
  const packets = later.packets - (since?.packets ?? 0);
  // packetsLost may fall when late packets arrive (RFC 3550 A.3).
  const lost = Math.max(0, later.lost - (since?.lost ?? 0));
  const emitted = later.bufferEmitted - (since?.bufferEmitted ?? 0);
  return {
    kbps: Math.round(((later.bytes - (since?.bytes ?? 0)) * 8) / 1000 / seconds),
    lossPercent: packets + lost > 0 ? Math.round((lost / (packets + lost)) * 1000) / 10 : 0,
    fps: Math.round((later.frames - (since?.frames ?? 0)) / seconds),
    width: later.width,
    height: later.height,
    freezes: later.freezes - (since?.freezes ?? 0),
    bufferMs: emitted > 0 ? Math.round(((later.bufferDelay - (since?.bufferDelay ?? 0)) / emitted) * 1000) : 0,
  };
}

/** Reads the counters of every received track by its `mid`, and the round trip in milliseconds. */
export function readReport(report: Iterable<Record<string, unknown>>): { byMid: Map<string, Counters>; rttMs: number | null } {
  const byMid = new Map<string, Counters>();
  let rttMs: number | null = null;
  const number = (value: unknown) => (typeof value === "number" ? value : 0);
  for (const entry of report) {
    if (entry["type"] === "inbound-rtp" && typeof entry["mid"] === "string") {
      byMid.set(entry["mid"], {
        at: number(entry["timestamp"]),
        bytes: number(entry["bytesReceived"]),
        packets: number(entry["packetsReceived"]),
        lost: number(entry["packetsLost"]),
        frames: number(entry["framesDecoded"]),
        freezes: number(entry["freezeCount"]),
        width: number(entry["frameWidth"]),
        height: number(entry["frameHeight"]),
        bufferDelay: number(entry["jitterBufferDelay"]),
        bufferEmitted: number(entry["jitterBufferEmittedCount"]),
      });
    } else if (
      entry["type"] === "candidate-pair" &&
      entry["nominated"] === true &&
      typeof entry["currentRoundTripTime"] === "number"
    ) {
      rttMs = Math.round(entry["currentRoundTripTime"] * 1000);
    }
  }
  return { byMid, rttMs };
}

export type Grade = "good" | "fair" | "poor" | "audio_only" | "lost";

/** How good the reception is, in the words the teacher sees too. `picture` is false while the server sends none. */
export function gradeOf(flowing: boolean, picture: boolean, lossPercent: number, rttMs: number | null, freezes: number): Grade {
  if (!flowing) return "lost";
  if (!picture) return "audio_only";
  if (lossPercent >= 8 || (rttMs ?? 0) >= 800 || freezes >= 2) return "poor";
  if (lossPercent >= 2 || (rttMs ?? 0) >= 300 || freezes >= 1) return "fair";
  return "good";
}
