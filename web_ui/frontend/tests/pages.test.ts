import { describe, expect, it } from "vitest";
import { mistakesOf, newLessonOf, pointsOf, type Draft } from "../src/console/draft";
import { countOf, filtered } from "../src/console/filter";
import { codeOf } from "../src/join/lesson";
import { warningsOf } from "../src/panel/alarms";
import { inOrder, lessonToShow, meterPosition, missingPoints } from "../src/panel/pick";
import { megabytes, safeMinutes } from "../src/panel/record";
import { stepsFrom } from "../src/shared/steps";
import { clockTime, dayOf, duration, moment, shiftDay } from "../src/shared/time";
import { destination } from "../src/signin/destination";
import type { LessonState, LessonView, RoomView, ViewerView } from "../src/wire.gen";

const AT = Date.parse("2026-09-01T01:00:00Z");

function lesson(id: string, state: LessonState, minutes: number, over: Partial<LessonView> = {}): LessonView {
  return {
    id, code: id, title: id, subject: "", grade: 1, mode: "delivery", topology: "1+N", state, teacher_name: "", school_name: "",
    room_id: "r", room_name: "", points: [], open_join: true,
    starts_at: new Date(AT + minutes * 60_000).toISOString(),
    ends_at: new Date(AT + (minutes + 40) * 60_000).toISOString(),
    started_at: null, ended_at: null, sources: [], viewer_count: 0, viewers: null, ...over,
  };
}

function room(over: Partial<RoomView> = {}): RoomView {
  return { id: "r", code: "r", name: "", school_name: "", online: true, sources: [], alarms: [], publishing_lesson_id: null, recordings: [], ...over };
}

describe("signing in", () => {
  const origin = "http://school.example";

  it("leads to the page of one's role", () => {
    expect(destination(["teacher"], "", origin)).toBe("/panel");
    expect(destination(["coordinator"], "", origin)).toBe("/console");
    expect(destination(["teacher", "admin"], "", origin)).toBe("/console");
    expect(destination(["student"], "", origin)).toBeNull();
  });

  it("returns to where one came from, but never to another site", () => {
    expect(destination(["student"], "?next=/join/k7m2qz", origin)).toBe("/join/k7m2qz");
    for (const evil of ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"]) {
      expect(destination(["teacher"], `?next=${encodeURIComponent(evil)}`, origin), evil).toBe("/panel");
    }
  });
});

describe("the join page", () => {
  it("takes the code from its address", () => {
    expect(codeOf("/join/k7m2qz")).toBe("k7m2qz");
    expect(codeOf("/join/k7m2qz/")).toBe("k7m2qz");
  });
});

describe("the panel", () => {
  it("shows the running lesson, else the next, else the last", () => {
    const done = lesson("done", "ended", -120);
    const now = lesson("now", "live", -10);
    const next = lesson("next", "planned", 50);
    expect(lessonToShow([done, now, next], null, AT)?.id).toBe("now");
    expect(lessonToShow([done, next], null, AT)?.id).toBe("next");
    expect(lessonToShow([done], null, AT)?.id).toBe("done");
    expect(lessonToShow([], null, AT)).toBeNull();
    expect(lessonToShow([done, now, next], "next", AT)?.id).toBe("next");
  });

  it("passes over a lesson that was never begun", () => {
    const forgotten = lesson("forgotten", "planned", -180);
    expect(lessonToShow([forgotten, lesson("next", "planned", 5)], null, AT)?.id).toBe("next");
    expect(lessonToShow([forgotten], null, AT)?.id).toBe("forgotten");
  });

  it("keeps lessons in the order of the day", () => {
    expect(inOrder([lesson("b", "planned", 50), lesson("a", "planned", 5)]).map((one) => one.id)).toEqual(["a", "b"]);
  });

  it("names the points that are not here", () => {
    const viewer = { id: "1", name: " 石桥教学点 " } as ViewerView;
    expect(missingPoints(lesson("x", "live", 0, { points: ["石桥教学点", "柳林教学点"], viewers: [viewer] }))).toEqual(["柳林教学点"]);
  });

  it("says first what is worst", () => {
    const alarms = [
      { code: "silence" as const, source: "teacher", since: "" },
      { code: "no_signal" as const, source: "slides", since: "" },
    ];
    const keys = warningsOf(room({ alarms, publishing_lesson_id: "x" }), lesson("x", "live", 0)).map((one) => one.key);
    expect(keys).toEqual(["alarm.no_signal", "alarm.silence"]);
  });

  it("speaks of a room that is away, and of nothing else then", () => {
    const alarms = [{ code: "silence" as const, source: "teacher", since: "" }];
    expect(warningsOf(room({ online: false, alarms }), null).map((one) => one.key)).toEqual(["agentOffline"]);
  });

  it("reports a failed source without an alarm once, and a lesson nobody sends yet", () => {
    const source = {
      name: "slides", kinds: ["video" as const], state: "failed" as const, problem: null, problem_data: {}, problem_text: null,
      width: 0, height: 0, fps: 0, encoder: null,
    };
    const told = [{ code: "source_failed" as const, source: "slides", since: "" }];
    expect(warningsOf(room({ sources: [source] }), null).map((one) => one.key)).toEqual(["alarm.source_failed"]);
    expect(warningsOf(room({ sources: [source], alarms: told }), null).length).toBe(1);
    expect(warningsOf(room(), lesson("x", "live", 0)).map((one) => one.key)).toEqual(["notPublishing"]);
    expect(warningsOf(room({ publishing_lesson_id: "x" }), lesson("x", "live", 0))).toEqual([]);
  });

  it("places levels between silence and full scale", () => {
    expect([-96, -60, -30, 0, 3].map(meterPosition)).toEqual([0, 0, 0.5, 1, 1]);
  });

  it("offers only the steps of the transition table", () => {
    expect(stepsFrom("ready")).toEqual(["start", "cancel"]);
    expect(stepsFrom("interrupted")).toEqual(["stop"]);
    expect(stepsFrom("ended")).toEqual([]);
  });
});

describe("the console", () => {
  const all = [lesson("e", "ended", -90), lesson("p2", "planned", 90), lesson("l", "live", 0), lesson("p1", "ready", 60)];

  it("lists running lessons first", () => {
    expect(filtered(all, "all").map((one) => one.id)).toEqual(["l", "p1", "p2", "e"]);
    expect(filtered(all, "upcoming").map((one) => one.id)).toEqual(["p1", "p2"]);
    expect(countOf(all, "running")).toBe(1);
  });

  const draft: Draft = {
    title: " 面积 ", subject: "数学", grade: 3, mode: "delivery", topology: "1+N", room: "r", teacher: "t", day: "2026-09-01",
    starts: "08:30", ends: "09:10", points: "石桥\n柳林、石桥\n\n", open: true,
  };

  it("sends what was typed, in the schools' time", () => {
    expect(mistakesOf(draft)).toEqual({});
    expect(newLessonOf(draft)).toMatchObject({
      title: "面积", starts_at: "2026-09-01T08:30:00+08:00", ends_at: "2026-09-01T09:10:00+08:00", points: ["石桥", "柳林"],
    });
  });

  it("names what is missing or impossible", () => {
    expect(mistakesOf({ ...draft, title: " ", ends: "08:30" })).toEqual({ title: "required", ends: "endsBeforeStarts" });
    expect(mistakesOf({ ...draft, points: "x".repeat(81) })).toEqual({ points: "tooManyPoints" });
    expect(mistakesOf({ ...draft, points: Array.from({ length: 65 }, (_, index) => index).join("\n") })).toEqual({
      points: "tooManyPoints",
    });
    expect(pointsOf("")).toEqual([]);
  });
});

describe("time", () => {
  it("is the schools', wherever the browser stands", () => {
    expect(clockTime("2026-09-01T00:30:00Z", "zh-CN")).toBe("08:30");
    expect(dayOf(Date.parse("2026-08-31T17:00:00Z"))).toBe("2026-09-01");
    expect(moment("2026-09-01", "08:30")).toBe("2026-09-01T08:30:00+08:00");
  });

  it("steps over the ends of months and years", () => {
    expect(shiftDay("2026-12-31", 1)).toBe("2027-01-01");
    expect(shiftDay("2028-03-01", -1)).toBe("2028-02-29");
  });

  it("counts minutes, then hours", () => {
    expect(duration(0)).toBe("00:00");
    expect(duration(-5)).toBe("00:00");
    expect(duration(45 * 60_000 + 7_900)).toBe("45:07");
    expect(duration(3_723_000)).toBe("1:02:03");
  });
});

describe("what is safe", () => {
  const recording = { lesson_id: "l", title: "", running: false, recorded_s: 0, safe_s: 0, waiting_bytes: 0, problem: null, problem_data: {}, problem_text: null };

  it("is never said to be more than it is", () => {
    expect(safeMinutes({ ...recording, recorded_s: 2_641, safe_s: 779, waiting_bytes: 9 })).toEqual({ safe: 12, recorded: 45 });
    expect(safeMinutes({ ...recording, recorded_s: 59, safe_s: 59, waiting_bytes: 1 })).toEqual({ safe: 0, recorded: 1 });
    expect(safeMinutes({ ...recording, recorded_s: 2_641, safe_s: 2_641 })).toEqual({ safe: 45, recorded: 45 });
  });

  it("is measured as people say it", () => {
    expect(megabytes(1_234_567, "en")).toBe("1.2 MB");
    expect(megabytes(340_000_000, "zh-CN")).toBe("340 MB");
    expect(megabytes(2_500_000_000, "en")).toBe("2.5 GB");
  });
});
