import type { BulkOrder, HitView, ItemView, RecordingState, StepOrder } from "../wire.gen";

export type Step = StepOrder["step"];

/** The transition table of classroom.model.recording, as far as people take the steps. */
const STEPS: Readonly<Record<RecordingState, readonly Step[]>> = {
  capturing: [],
  complete: ["submit", "retire"],
  submitted: ["approve", "return"],
  approved: ["publish", "retire"],
  returned: ["submit", "retire"],
  published: ["withdraw", "retire"],
  retired: [],
};
const DISPOSABLE: readonly RecordingState[] = ["complete", "returned", "approved", "retired"];

export const NEED_REASON: readonly string[] = ["return", "retire"];

/** What may be done with a recording, of what whoever looks at it may do at all. */
export function deedsOf(item: ItemView): readonly (Step | "trash" | "restore")[] {
  const { hit, may } = item;
  const keeps = may.includes("keep_recording");
  if (hit.trashed) return keeps ? ["restore"] : [];
  const steps = STEPS[hit.state].filter((step) => (step === "submit" ? may.includes("submit_recording") : keeps));
  const held = item.entry.hold_reason !== null;
  const free = steps.filter((step) => !(held && step === "retire"));
  return keeps && !held && DISPOSABLE.includes(hit.state) ? [...free, "trash"] : free;
}

/** What can be done with all of these at once. */
export function bulkDeedsOf(hits: readonly HitView[]): readonly BulkOrder["deed"][] {
  if (hits.length === 0) return [];
  if (hits.every((hit) => hit.trashed)) return ["restore"];
  if (hits.some((hit) => hit.trashed)) return [];
  const [first, ...others] = hits.map((hit) => STEPS[hit.state]);
  const common = first!.filter((step) => others.every((steps) => steps.includes(step)));
  return hits.every((hit) => DISPOSABLE.includes(hit.state)) ? [...common, "trash", "tag"] : [...common, "tag"];
}
