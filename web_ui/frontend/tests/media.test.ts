import { describe, expect, it } from "vitest";
import { encodingFor, phaseOf, stageOf } from "../src/media/choice";
import { between, gradeOf, readReport, type Counters } from "../src/media/stats";
import { STALL_MS, Watchdog } from "../src/media/watchdog";
import type { EncodingView, SourceView } from "../src/wire.gen";

const source = (name: string, ...kinds: ("audio" | "video")[]): SourceView => ({ name, kinds, encodings: [] });
const rids = (...names: string[]): EncodingView[] => names.map((rid) => ({ rid, width: 0, height: 0, bitrate_bps: 0 }));

describe("stage", () => {
  it("shows whoever teaches large until somebody chooses", () => {
    const sources = [source("slides", "video"), source("teacher", "audio", "video")];
    expect(stageOf(sources, null)).toEqual({ large: "teacher", small: ["slides"] });
    expect(stageOf(sources, "slides")).toEqual({ large: "slides", small: ["teacher"] });
  });

  it("prefers the mixed programme, and takes any source when none is known", () => {
    expect(stageOf([source("teacher", "video"), source("programme", "video")], null).large).toBe("programme");
    expect(stageOf([source("cam7", "video")], null).large).toBe("cam7");
  });

  it("falls back when the chosen source leaves, and returns with it", () => {
    expect(stageOf([source("teacher", "video")], "slides").large).toBe("teacher");
  });

  it("has no picture for sources of sound", () => {
    expect(stageOf([source("microphone", "audio")], null)).toEqual({ large: null, small: [] });
    expect(stageOf([], null)).toEqual({ large: null, small: [] });
  });
});

describe("encoding", () => {
  const three = rids("h", "m", "l");

  it("leaves the large picture to the server, and keeps small ones at the lowest", () => {
    expect(encodingFor("auto", three, true)).toBe("auto");
    expect(encodingFor("auto", three, false)).toBe("l");
    expect(encodingFor("high", three, false)).toBe("l");
  });

  it("pins what was chosen", () => {
    expect(encodingFor("high", three, true)).toBe("h");
    expect(encodingFor("medium", three, true)).toBe("m");
    expect(encodingFor("low", three, true)).toBe("l");
  });

  it("does not pin where there is nothing to choose", () => {
    expect(encodingFor("high", rids("h"), true)).toBe("auto");
    expect(encodingFor("low", [], false)).toBe("auto");
  });

  it("switches every picture off for sound alone", () => {
    expect(encodingFor("audio_only", three, true)).toBe("off");
    expect(encodingFor("audio_only", [], false)).toBe("off");
  });
});

describe("phase", () => {
  it("knows every state of a lesson", () => {
    expect((["planned", "ready", "live", "interrupted", "ended", "archived", "cancelled"] as const).map(phaseOf)).toEqual([
      "waiting", "waiting", "live", "interrupted", "ended", "ended", "cancelled",
    ]);
  });
});

describe("stats", () => {
  const counters = (at: number, over: Partial<Counters> = {}): Counters => ({
    at, bytes: 0, packets: 0, lost: 0, frames: 0, freezes: 0, width: 640, height: 360, bufferDelay: 0, bufferEmitted: 0, ...over,
  });

  it("measures what happened since the last reading", () => {
    const stats = between(
      counters(1_000, { bytes: 1_000, packets: 10, frames: 25 }),
      counters(3_000, { bytes: 251_000, packets: 208, lost: 2, frames: 75, bufferDelay: 1, bufferEmitted: 50 }),
    );
    expect(stats).toMatchObject({ kbps: 1_000, lossPercent: 1, fps: 25, width: 640, height: 360, bufferMs: 20 });
  });

  it("starts anew when the counters do", () => {
    expect(between(counters(1_000, { packets: 500, lost: 40 }), counters(2_000, { packets: 30, frames: 10 }))).toMatchObject({
      lossPercent: 0, fps: 10,
    });
  });

  it("does not call late packets a negative loss", () => {
    expect(between(counters(0, { lost: 5, packets: 5 }), counters(1_000, { lost: 3, packets: 9 })).lossPercent).toBe(0);
  });

  it("reads tracks by their mid, and the round trip of the pair in use", () => {
    const { byMid, rttMs } = readReport([
      { type: "inbound-rtp", mid: "1", timestamp: 5, packetsReceived: 7 },
      { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.0421 },
      { type: "candidate-pair", nominated: false, currentRoundTripTime: 9 },
      { type: "codec" },
    ]);
    expect(byMid.get("1")?.packets).toBe(7);
    expect(rttMs).toBe(42);
  });

  it("grades honestly", () => {
    expect(gradeOf(false, true, 0, 10, 0)).toBe("lost");
    expect(gradeOf(true, false, 0, 10, 0)).toBe("audio_only");
    expect(gradeOf(true, true, 0.5, 10, 0)).toBe("good");
    expect(gradeOf(true, true, 2, 10, 0)).toBe("fair");
    expect(gradeOf(true, true, 8, null, 0)).toBe("poor");
    expect(gradeOf(true, true, 0, 900, 0)).toBe("poor");
    expect(gradeOf(true, true, 0, 10, 1)).toBe("fair");
  });
});

describe("watchdog", () => {
  it("barks when packets stop, not while they come", () => {
    const dog = new Watchdog();
    expect(dog.stalled("a", 10, 0)).toBe(false);
    expect(dog.stalled("a", 20, STALL_MS)).toBe(false);
    expect(dog.stalled("a", 20, STALL_MS * 2 - 1)).toBe(false);
    expect(dog.stalled("a", 20, STALL_MS * 2)).toBe(true);
  });

  it("grows patient when rebuilding does not help, and alert again when media flows", () => {
    const dog = new Watchdog();
    dog.stalled("a", 0, 0);
    expect(dog.stalled("a", 0, STALL_MS)).toBe(true);
    dog.stalled("a", 0, STALL_MS);
    expect(dog.stalled("a", 0, STALL_MS * 2)).toBe(false);
    expect(dog.stalled("a", 0, STALL_MS * 3)).toBe(true);
    dog.stalled("a", 1, STALL_MS * 3);
    dog.stalled("a", 2, STALL_MS * 3);
    expect(dog.stalled("a", 2, STALL_MS * 4)).toBe(true);
  });

  it("does not blame a track that is not sent", () => {
    const dog = new Watchdog();
    dog.stalled("a", 5, 0);
    dog.excuse("a");
    expect(dog.stalled("a", 5, STALL_MS * 5)).toBe(false);
  });
});
