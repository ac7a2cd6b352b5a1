import { describe, expect, it } from "vitest";
import { bulkDeedsOf, deedsOf } from "../src/archive/deeds";
import { EMPTY, parametersOf, queryOf, toggled } from "../src/shelf/query";
import type { HitView, ItemView } from "../src/wire.gen";

const hit = (state: HitView["state"], trashed = false) => ({ recording_id: state, state, trashed }) as HitView;
const item = (state: HitView["state"], may: string[], hold: string | null = null, trashed = false) =>
  ({ hit: hit(state, trashed), entry: { hold_reason: hold }, may }) as unknown as ItemView;

describe("a search", () => {
  it("comes back from the address it stands in", () => {
    const query = { ...EMPTY, text: "古诗", facets: { subject: ["语文", "数学"], grade: ["3"] }, marks: { tag: "优质课" }, order: "newest" as const, offset: 20 };
    expect(queryOf(`?${parametersOf(query)}`)).toEqual(query);
    expect(parametersOf(EMPTY).toString()).toBe("");
  });

  it("forgets what it does not know", () => {
    expect(queryOf("?order=random&offset=-3&view=coverage&nothing=x")).toEqual(EMPTY);
  });

  it("begins anew when a facet is chosen, and drops one that is chosen no longer", () => {
    const chosen = toggled({ ...EMPTY, offset: 40 }, "grade", "3");
    expect(chosen).toEqual({ ...EMPTY, facets: { grade: ["3"] } });
    expect(toggled(chosen, "grade", "3")).toEqual(EMPTY);
  });
});

describe("what is offered", () => {
  it("is what the state and the permissions allow", () => {
    const all = ["keep_recording", "submit_recording"];
    expect(deedsOf(item("submitted", all))).toEqual(["approve", "return"]);
    expect(deedsOf(item("approved", all))).toEqual(["publish", "retire", "trash"]);
    expect(deedsOf(item("approved", all, "诉讼"))).toEqual(["publish"]);
    expect(deedsOf(item("complete", ["submit_recording"]))).toEqual(["submit"]);
    expect(deedsOf(item("approved", all, null, true))).toEqual(["restore"]);
    expect(deedsOf(item("published", []))).toEqual([]);
  });

  it("for many is what all of them have in common", () => {
    expect(bulkDeedsOf([hit("submitted"), hit("submitted")])).toEqual(["approve", "return", "tag"]);
    expect(bulkDeedsOf([hit("complete"), hit("returned")])).toEqual(["submit", "retire", "trash", "tag"]);
    expect(bulkDeedsOf([hit("submitted"), hit("published")])).toEqual(["tag"]);
    expect(bulkDeedsOf([hit("complete", true), hit("complete")])).toEqual([]);
    expect(bulkDeedsOf([])).toEqual([]);
  });
});
