import { describe, expect, it } from "vitest";
import { bellTime, markOf, percentOf, tableOf } from "../src/plan/coverage";
import type { CoverageCell, CoverageView } from "../src/wire.gen";

function cell(school_id: string, subject: string, wanted: number, given = 0): CoverageCell {
  return { school_id, subject, required: wanted + 1, own: 1, wanted, given };
}

function coverage(...cells: CoverageCell[]): CoverageView {
  const sum = (of: (cell: CoverageCell) => number) => cells.reduce((total, one) => total + of(one), 0);
  return {
    term_id: "t", schools: ["a", "b", "c"], subjects: ["英语", "音乐", "美术"], cells,
    wanted: sum((one) => one.wanted), given: sum((one) => one.given),
  };
}

describe("what lacks", () => {
  it("shows only schools and subjects that lack something, the neediest first", () => {
    const table = tableOf(coverage(cell("a", "英语", 2), cell("b", "美术", 3), cell("b", "英语", 0), cell("c", "音乐", 0)));
    expect(table.subjects).toEqual(["英语", "美术"]);
    expect(table.rows.map((row) => [row.schoolId, row.cells.map((one) => one?.wanted ?? null)])).toEqual([
      ["b", [0, 3]],
      ["a", [2, null]],
    ]);
  });

  it("is empty where nothing lacks", () => {
    expect(tableOf(coverage(cell("a", "英语", 0)))).toEqual({ subjects: [], rows: [] });
    expect(percentOf(coverage())).toBe(100);
  });

  it("marks how much of it is arranged, and never rounds up to all", () => {
    expect([[0, 0], [2, 0], [2, 1], [2, 2]].map(([wanted, given]) => markOf(cell("a", "英语", wanted!, given!)))).toEqual(["none", "missing", "some", "all"]);
    expect(percentOf(coverage(cell("a", "英语", 1_000, 999)))).toBe(99);
  });

  it("writes bells as clocks do", () => {
    expect([0, 485, 14 * 60 + 5].map(bellTime)).toEqual(["00:00", "08:05", "14:05"]);
  });
});
