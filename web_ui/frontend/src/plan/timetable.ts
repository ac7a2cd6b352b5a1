import { computed, ref, shallowRef, watch, type Ref } from "vue";
import type { Text } from "../shared/text";
import type {
  ComparisonView, CourseView, ProposalEdit, ProposalHead, ProposalRoomsView, ProposalsView, ProposalView, PublicationView, Publish, RunsView, RunView, TargetsView, UncoveredsView,
  UncoveredView, VersionsView, VersionView,
} from "../wire.gen";
import { PLANNING, useDesk } from "./desk";
import { RoomPlan, slotsOf, Verdicts } from "./grid";

type Edit = ProposalEdit["edit"];

/** A lesson somebody has taken up: one of a course's, or (`lesson` null) one more. */
export interface Taken {
  course: CourseView;
  lesson: number | null;
  day: number;
  minute: number;
}

export const going = (run: RunView | null) => run !== null && (run.state === "waiting" || run.state === "running");

/** Whether there is still something to hear of it: a run that was stopped has yet to hand in its best plan. */
export const awaited = (run: RunView | null) => run !== null && run.proposal_id === null && run.state !== "failed";

/** Runs of the solver and the proposals of one term: what the coordinator looks at, changes and publishes. */
export function useTimetable(text: Text, termId: Ref<string>, run: Ref<RunView | null>, follow: (run: RunView | null) => void) {
  const { busy, failed, doing, call } = useDesk(text);
  const heads = ref<ProposalHead[]>([]);
  const proposal = ref<ProposalView | null>(null);
  const uncovered = ref<UncoveredView[] | null>(null);
  const taken = shallowRef<Taken | null>(null);
  const verdicts = shallowRef<Verdicts | null>(null);
  const publication = ref<PublicationView | null>(null);
  const comparison = ref<ComparisonView | null>(null);
  const rooms = shallowRef<RoomPlan | null>(null);
  const versions = ref<VersionView[]>([]);

  const running = computed(() => going(run.value));
  const slots = computed(() => slotsOf(proposal.value?.courses ?? []));
  const at = (path = "") => `proposals/${proposal.value?.head.id ?? ""}${path}`;

  function show(view: ProposalView | null): void {
    proposal.value = view;
    rooms.value = uncovered.value = taken.value = verdicts.value = publication.value = comparison.value = null;
  }

  async function readHeads(): Promise<void> {
    heads.value = (await call<ProposalsView>("GET", `terms/${termId.value}/proposals`)).proposals;
  }

  async function open(id: string | undefined): Promise<void> {
    show(id === undefined ? null : await call<ProposalView>("GET", `proposals/${id}`));
  }

  async function readVersions(): Promise<void> {
    versions.value = (await call<VersionsView>("GET", `terms/${termId.value}/versions`)).versions;
  }

  /** The list as it is now and one of it, shown together: who sees the new list acts on what it holds. */
  async function reopen(choose: (heads: ProposalHead[]) => string | undefined): Promise<void> {
    const { proposals } = await call<ProposalsView>("GET", `terms/${termId.value}/proposals`);
    await open(choose(proposals));
    heads.value = proposals;
  }

  async function change(edit: Edit): Promise<void> {
    const changed = await call<ProposalView>("POST", at("/edits"), { revision: proposal.value!.head.revision, edit });
    show(changed);
    heads.value = heads.value.map((head) => (head.id === changed.head.id ? changed.head : head));
  }

  watch(
    termId,
    (id) => {
      follow(null);
      heads.value = versions.value = [];
      show(null);
      void doing(async () => {
        const [{ runs }] = await Promise.all([call<RunsView>("GET", `terms/${id}/runs`), reopen((found) => found[0]?.id), readVersions()]);
        if (runs[0] && going(runs[0])) follow(runs[0]);
      });
    },
    { immediate: true },
  );

  // What a run has found is opened, but nobody is torn away from a lesson being moved.
  watch(run, (now, before) => {
    if (now === null || now.proposal_id === null || now.id !== before?.id || before.proposal_id !== null) return;
    void doing(async () => {
      if (taken.value === null) await reopen(() => now.proposal_id!);
      else await readHeads();
    });
  });

  return {
    running, heads, proposal, slots, uncovered, taken, verdicts, publication, comparison, rooms, versions, busy, failed,
    start: (seconds: number, goOn: boolean) =>
      doing(async () => {
        const start_id = goOn ? (proposal.value?.head.id ?? null) : null;
        follow(await call<RunView>("POST", `terms/${termId.value}/runs`, { seconds, start_id }));
      }),
    cancel: () => doing(async () => follow(await call<RunView>("POST", `runs/${run.value!.id}/cancel`, {}))),
    open: (id: string) => doing(() => open(id)),
    copy: (name: string) =>
      doing(async () => {
        const made = await call<ProposalHead>("POST", `terms/${termId.value}/proposals`, { name, copy_of: proposal.value!.head.id });
        await reopen(() => made.id);
      }),
    remove: () =>
      doing(async () => {
        await call("DELETE", at());
        await reopen((found) => found[0]?.id);
      }),
    compare: (id: string) =>
      doing(async () => {
        comparison.value = id === "" ? null : await call<ComparisonView>("GET", `proposals/${id}/comparison?with=${proposal.value!.head.id}`);
      }),
    readRooms: () => doing(async () => void (rooms.value = new RoomPlan(await call<ProposalRoomsView>("GET", at("/rooms"))))),
    explain: () => doing(async () => void (uncovered.value = (await call<UncoveredsView>("GET", at("/uncovered"))).uncovered)),
    take: (what: Taken | null) => {
      taken.value = what;
      verdicts.value = null;
      if (what === null) return;
      void doing(async () => {
        const lesson = what.lesson === null ? "" : `&lesson=${what.lesson}`;
        const found = await call<TargetsView>("GET", at(`/targets?course=${encodeURIComponent(what.course.key)}${lesson}`));
        if (taken.value === what) verdicts.value = new Verdicts(found);
      });
    },
    move: (to: [number, number] | null) => doing(() => change({ kind: "move", course: taken.value!.course.key, lesson: taken.value!.lesson, to })),
    pin: (courses: string[], pinned: boolean) => doing(() => change({ kind: "pin", courses, pinned })),
    setWeeks: (course: string, weeks: CourseView["weeks"]) => doing(() => change({ kind: "weeks", course, weeks })),
    undo: () => doing(() => change({ kind: "undo" })),
    redo: () => doing(() => change({ kind: "redo" })),
    publish: (from_day: string, dry_run: boolean, with_clashes = false) =>
      doing(async () => {
        const body: Publish = { from_day, dry_run, with_clashes };
        publication.value = await call<PublicationView>("POST", at("/publish"), body);
        if (!dry_run) await readVersions();
      }),
    restore: (version: number, name: string) =>
      doing(async () => {
        const made = await call<ProposalHead>("POST", `terms/${termId.value}/proposals`, { name, version });
        await reopen(() => made.id);
      }),
    workbook: computed(() => `${PLANNING}/${at("/workbook")}`),
  };
}

export type Timetable = ReturnType<typeof useTimetable>;
