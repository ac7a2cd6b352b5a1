import { computed, ref, watch } from "vue";
import { useStaff } from "../shared/staff";
import type { Text } from "../shared/text";
import { useDesk } from "./desk";
import { awaited } from "./timetable";
import type { CoverageView, NeedsView, PlanningRegionsView, PlanningRegionView, RegistryView, RunView, TermEdit, TermsView, TermView } from "../wire.gen";

/** Everything the page knows and does: one region, one of its terms, what is registered and what lacks. */
export function usePlan(text: Text) {
  const { busy, failed, doing, call } = useDesk(text);
  const run = ref<RunView | null>(null);
  const staff = useStaff(
    text,
    () => (awaited(run.value) ? [{ type: "watch_run", run_id: run.value!.id }] : []),
    (socket) => {
      socket.on("run", (message) => {
        if (message.run.id === run.value?.id) run.value = message.run;
      });
    },
  );
  const regions = ref<PlanningRegionView[] | null>(null);
  const regionId = ref<string | null>(null);
  const registry = ref<RegistryView | null>(null);
  const terms = ref<TermView[] | null>(null);
  const termId = ref<string | null>(null);
  const coverage = ref<CoverageView | null>(null);
  const computedCount = ref<number | null>(null);

  const region = computed(() => regions.value?.find((one) => one.id === regionId.value) ?? null);
  const term = computed(() => terms.value?.find((one) => one.id === termId.value) ?? null);

  const get = <T>(path: string) => call<T>("GET", path);

  async function readRegion(id: string): Promise<void> {
    const at = `region=${encodeURIComponent(id)}`;
    const [known, found] = await Promise.all([get<RegistryView>(`registry?${at}`), get<TermsView>(`terms?${at}`)]);
    registry.value = known;
    terms.value = [...found.terms].sort((a, b) => b.first_day.localeCompare(a.first_day));
    if (!terms.value.some((one) => one.id === termId.value)) termId.value = terms.value[0]?.id ?? null;
    await readTerm();
  }

  async function readTerm(): Promise<void> {
    computedCount.value = null;
    coverage.value = termId.value === null ? null : await get<CoverageView>(`terms/${termId.value}/coverage`);
  }

  watch(staff.signedIn, async (signedIn) => {
    if (!signedIn) return;
    await doing(async () => {
      regions.value = (await get<PlanningRegionsView>("regions")).regions;
      const first = regions.value.find((one) => one.level === "county") ?? regions.value[0];
      if (!first) return;
      regionId.value = first.id;
      await readRegion(first.id);
    });
  });

  return {
    ...staff,
    regions, region, registry, terms, term, coverage, busy, failed, computedCount, run,
    /** Shows a run and whatever it says from now on. */
    follow: (next: RunView | null) => {
      run.value = next;
      if (awaited(next)) staff.rewatch();
    },
    chooseRegion: (id: string) => {
      regionId.value = id;
      return doing(() => readRegion(id));
    },
    chooseTerm: (id: string) => {
      termId.value = id;
      return doing(readTerm);
    },
    refresh: () => doing(async () => void (regionId.value && (await readRegion(regionId.value)))),
    compute: () =>
      doing(async () => {
        const needs = await call<NeedsView>("POST", `terms/${termId.value}/needs/compute`, {});
        await readTerm();
        computedCount.value = needs.needs.filter((need) => need.lessons > 0).length;
      }),
    addTerm: async (edit: TermEdit) => {
      const made = await doing(async () => {
        const body = { region_id: regionId.value!, term: edit };
        const created = await call<TermView>("POST", "terms", body);
        termId.value = created.id;
        await readRegion(regionId.value!);
        return created;
      });
      return made !== undefined;
    },
  };
}

export type Plan = ReturnType<typeof usePlan>;
