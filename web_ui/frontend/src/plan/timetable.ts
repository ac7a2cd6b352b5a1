import { computed, onScopeDispose, ref, watch, type Ref } from "vue";
import { api, troubleOf, type Trouble } from "../shared/api";
import type { Text } from "../shared/text";
import type {
  CourseView, ProposalEdit, ProposalHead, ProposalsView, ProposalView, PublicationView, RunsView, RunView, TargetsView, UncoveredsView, UncoveredView,
} from "../wire.gen";
import { slotsOf, type Slot } from "./grid";

const PLANNING = "/api/v1/planning";
const ASK_AGAIN_MS = 1_000;

/** Runs of the solver and the proposals of one term: what the coordinator looks at, changes and publishes. */
export function useTimetable(text: Text, termId: Ref<string | null>) {
  const run = ref<RunView | null>(null);
  const heads = ref<ProposalHead[]>([]);
  const proposal = ref<ProposalView | null>(null);
  const uncovered = ref<UncoveredView[] | null>(null);
  const chosen = ref<Slot | null>(null);
  const targets = ref<TargetsView | null>(null);
  const publication = ref<PublicationView | null>(null);
  const busy = ref(false);
  const failed = ref<Trouble | null>(null);
  let asking: ReturnType<typeof setTimeout> | undefined;
  onScopeDispose(() => clearTimeout(asking));

  const running = computed(() => run.value !== null && (run.value.state === "waiting" || run.value.state === "running"));
  const slots = computed(() => slotsOf(proposal.value?.courses ?? []));

  const call = <T>(method: "GET" | "POST", path: string, body?: object) => api<T>(method, `${PLANNING}/${path}`, text.language.value, body);
  const at = (path = "") => `proposals/${proposal.value?.head.id ?? ""}${path}`;

  async function doing(action: () => Promise<void>): Promise<void> {
    if (busy.value) return;
    busy.value = true;
    failed.value = null;
    try {
      await action();
    } catch (error) {
      failed.value = troubleOf(error, text.t);
    } finally {
      busy.value = false;
    }
  }

  function show(view: ProposalView | null): void {
    proposal.value = view;
    uncovered.value = chosen.value = targets.value = publication.value = null;
  }

  async function readHeads(): Promise<void> {
    heads.value = (await call<ProposalsView>("GET", `terms/${termId.value}/proposals`)).proposals;
  }

  async function open(id: string | undefined): Promise<void> {
    show(id === undefined ? null : await call<ProposalView>("GET", `proposals/${id}`));
  }

  /** Follows a run until it has ended, then opens what it found. */
  async function follow(id: string): Promise<void> {
    try {
      run.value = await call<RunView>("GET", `runs/${id}`);
      if (running.value) {
        asking = setTimeout(() => void follow(id), ASK_AGAIN_MS);
      } else if (run.value.proposal_id !== null) {
        await readHeads();
        await open(run.value.proposal_id);
      }
    } catch (error) {
      failed.value = troubleOf(error, text.t);
      asking = setTimeout(() => void follow(id), 3 * ASK_AGAIN_MS);
    }
  }

  async function change(edit: ProposalEdit["edit"]): Promise<void> {
    const changed = await call<ProposalView>("POST", at("/edits"), { revision: proposal.value!.head.revision, edit });
    show(changed);
    heads.value = heads.value.map((head) => (head.id === changed.head.id ? changed.head : head));
  }

  watch(
    termId,
    (id) => {
      clearTimeout(asking);
      run.value = null;
      heads.value = [];
      show(null);
      if (id === null) return;
      void doing(async () => {
        const runs = (await call<RunsView>("GET", `terms/${id}/runs`)).runs;
        await readHeads();
        await open(heads.value[0]?.id);
        if (runs[0] && (runs[0].state === "waiting" || runs[0].state === "running")) void follow(runs[0].id);
      });
    },
    { immediate: true },
  );

  return {
    run, running, heads, proposal, slots, uncovered, chosen, targets, publication, busy, failed,
    start: (seconds: number) =>
      doing(async () => {
        const started = await call<RunView>("POST", `terms/${termId.value}/runs`, { seconds });
        run.value = started;
        void follow(started.id);
      }),
    cancel: () => doing(async () => void (await call<RunView>("POST", `runs/${run.value!.id}/cancel`, {}))),
    choose: (id: string) => doing(() => open(id)),
    explain: () => doing(async () => void (uncovered.value = (await call<UncoveredsView>("GET", at("/uncovered"))).uncovered)),
    pick: (slot: Slot | null) =>
      doing(async () => {
        chosen.value = slot;
        targets.value = null;
        if (slot === null) return;
        targets.value = await call<TargetsView>("GET", at(`/targets?course=${encodeURIComponent(slot.course.key)}&lesson=${slot.lesson}`));
      }),
    move: (to: [number, number]) => doing(() => change({ kind: "move", course: chosen.value!.course.key, lesson: chosen.value!.lesson, to })),
    pin: (course: CourseView) => doing(() => change({ kind: "pin", courses: [course.key], pinned: !course.pinned })),
    undo: () => doing(() => change({ kind: "undo" })),
    redo: () => doing(() => change({ kind: "redo" })),
    publish: (dryRun: boolean) =>
      doing(async () => void (publication.value = await call<PublicationView>("POST", at("/publish"), { dry_run: dryRun }))),
    workbook: computed(() => `${PLANNING}/${at("/workbook")}`),
  };
}
