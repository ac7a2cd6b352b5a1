import { describe, expect, it } from "vitest";
import { parseVtt, spokenAt } from "../src/player/captions";
import { firstMoment, largeOnes, resumePoint, tracksToPlay } from "../src/player/choose";
import { catchUpSeconds, correction, holeAt, IN_STEP_S, JUMP_BEYOND_S, LessonClock } from "../src/player/clock";
import { keyMeans } from "../src/player/keys";
import type { TrackView } from "../src/wire.gen";

const track = (name: string, kind: "audio" | "video", codec: string): TrackView => ({
  key: `${name}-${kind}-${codec}`, name, kind, codec, url: "", width: 0, height: 0, offset_s: 0, end_s: 60, holes: [],
});

describe("where a recording begins", () => {
  it("is where all that it begins with is there", () => {
    const late = { ...track("teacher", "video", "avc1"), offset_s: 2.5 };
    const later = { ...track("board", "video", "avc1"), offset_s: 40 };
    const gap = { ...track("teacher", "audio", "opus"), holes: [{ begin_s: 0, end_s: 1.2 }, { begin_s: 30, end_s: 31 }] };
    expect(firstMoment([late, gap, later])).toBe(2.5);
    expect(firstMoment([gap, later])).toBe(1.2);
    expect(firstMoment([late, track("slides", "video", "avc1")])).toBe(0);
    expect(firstMoment([])).toBe(0);
  });
});

describe("the clock of a recording", () => {
  it("goes on at its speed while it runs, and stands still when not", () => {
    const clock = new LessonClock();
    clock.set(10, 0);
    expect(clock.position(5_000)).toBe(10);
    clock.start(5_000);
    expect(clock.position(7_000)).toBeCloseTo(12);
    clock.setRate(1.25, 7_000);
    expect(clock.position(11_000)).toBeCloseTo(17);
    clock.stop(11_000);
    expect(clock.position(60_000)).toBeCloseTo(17);
    clock.start(60_000);
    clock.set(3, 61_000);
    expect(clock.position(62_000)).toBeCloseTo(4.25);
  });

  it("brings what drifts back into step within seconds, at any speed, without a jump", () => {
    for (const rate of [0.75, 1, 1.25, 2]) {
      for (const medium of ["video", "audio"] as const) {
        for (const start of [-0.4, -0.05, 0.05, 0.4]) {
          let drift = start;
          let seconds = 0;
          for (; Math.abs(drift) >= IN_STEP_S && seconds < 30; seconds += 0.1) {
            const step = correction(drift, rate, medium);
            expect(step.kind).toBe("rate");
            if (step.kind === "rate") drift += (step.rate - rate) * 0.1;
          }
          expect(Math.abs(drift)).toBeLessThan(IN_STEP_S);
          expect(Math.sign(drift) === -Math.sign(start) && Math.abs(drift) > IN_STEP_S).toBe(false);
          expect(seconds).toBeLessThan(medium === "video" ? 6 : 20);
        }
      }
    }
  });

  it("jumps over what nobody would wait for, and leaves alone what nobody sees", () => {
    expect(correction(JUMP_BEYOND_S + 0.1, 1, "video").kind).toBe("jump");
    expect(correction(-JUMP_BEYOND_S - 0.1, 1, "audio").kind).toBe("jump");
    expect(correction(IN_STEP_S / 2, 1, "video").kind).toBe("none");
  });

  it("knows where a track has nothing", () => {
    const holes = [{ begin: 20, end: 30 }];
    expect(holeAt(2, 5, 60, holes)).toEqual({ begin: 0, end: 5 });
    expect(holeAt(10, 5, 60, holes)).toBeNull();
    expect(holeAt(20, 5, 60, holes)).toEqual({ begin: 20, end: 30 });
    expect(holeAt(30, 5, 60, holes)).toBeNull();
    expect(holeAt(60, 5, 60, holes)).toEqual({ begin: 60, end: Infinity });
  });

  it("says when one has caught up", () => {
    expect(catchUpSeconds(60, 1.25)).toBe(240);
    expect(catchUpSeconds(60, 1)).toBeNull();
    expect(catchUpSeconds(-1, 1.25)).toBe(0);
  });
});

describe("what is played", () => {
  const tracks = [
    track("slides", "video", "avc1"), track("teacher", "audio", "opus"), track("teacher", "audio", "mp4a.40.2"),
    track("teacher", "video", "avc1"), track("students", "audio", "opus"), track("students", "audio", "mp4a.40.2"),
  ];

  it("is every picture, and every sound in the first codec the browser has", () => {
    const keys = (plays: (one: TrackView) => boolean) => tracksToPlay(tracks, plays).map((one) => `${one.name} ${one.codec}`);
    expect(keys(() => true)).toEqual(["teacher opus", "students opus", "teacher avc1", "slides avc1"]);
    expect(keys((one) => one.codec !== "opus").slice(0, 2)).toEqual(["teacher mp4a.40.2", "students mp4a.40.2"]);
    expect(keys(() => false)[0]).toBe("teacher opus");
  });

  it("is shown as chosen", () => {
    const names = ["teacher", "slides", "board"];
    expect(largeOnes(names, "beside", null)).toEqual(["teacher", "slides"]);
    expect(largeOnes(names, "beside", "board")).toEqual(["teacher", "board"]);
    expect(largeOnes(names, "large", "slides")).toEqual(["slides"]);
    expect(largeOnes(["teacher"], "beside", null)).toEqual(["teacher"]);
    expect(largeOnes([], "beside", null)).toEqual([]);
  });

  it("goes on where one left, but not at the very beginning or end", () => {
    expect(resumePoint("600", 2700)).toBe(600);
    for (const kept of ["3", "2699", "x", null, "Infinity"]) expect(resumePoint(kept, 2700)).toBe(0);
  });
});

describe("captions", () => {
  const file = "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n\nNOTE nothing\n\n1\n00:01.500 --> 00:03.000 align:start\n<v 老师>远上寒山&amp;石径斜\n\n01:00:00.000 --> 01:00:02.000\na &lt;b&gt;\nc\n\n00:05.000 --> broken\nx\n";

  it("are read from WebVTT", () => {
    expect(parseVtt(file)).toEqual([
      { begin: 1.5, end: 3, text: "远上寒山&石径斜" },
      { begin: 3600, end: 3602, text: "a <b>\nc" },
    ]);
    expect(parseVtt("")).toEqual([]);
  });

  it("are shown while they are said", () => {
    const cues = parseVtt(file);
    expect(spokenAt(cues, 1.4)).toBe("");
    expect(spokenAt(cues, 1.5)).toBe("远上寒山&石径斜");
    expect(spokenAt(cues, 3)).toBe("");
  });
});

describe("keys", () => {
  it("mean what they do in other players", () => {
    expect(keyMeans(" ", false)).toEqual({ do: "toggle" });
    expect(keyMeans("ArrowLeft", false)).toEqual({ do: "skip", seconds: -5 });
    expect(keyMeans("ArrowRight", true)).toEqual({ do: "chapter", step: 1 });
    expect(keyMeans("7", false)).toEqual({ do: "part", tenths: 7 });
    for (const key of ["Tab", "Enter", "Escape", "a", "F5"]) expect(keyMeans(key, false)).toBeNull();
  });
});
