import { computed, onScopeDispose, ref, shallowRef, triggerRef } from "vue";
import { api, Refused, troubleOf, type Trouble } from "../shared/api";
import { remember, remembered } from "../shared/memory";
import type { Text } from "../shared/text";
import type { WatchView } from "../wire.gen";
import { parseVtt, spokenAt, type Cue } from "./captions";
import { firstMoment, largeOnes, LAYOUTS, resumePoint, tracksToPlay, type Layout } from "./choose";
import { Deck, playable } from "./deck";
import { LessonPlayer } from "./player";

const ASK_AGAIN_MS = 3_000;
/** New sources of a running lesson, and extras that are still being made, show within this. */
const LOOK_AGAIN_MS = 5_000;
const KEEP_EVERY_MS = 5_000;
/** Nearer to the live lesson than this there is nothing to be caught up: segments take so long to come. */
export const MERGE_S = 8;

export interface WatchOptions {
  readonly recordingId: string;
  /** Of somebody who has no session: "Bearer …". */
  readonly authorization?: string;
  readonly share?: string;
  /** Where to begin; what was left last time when not given. */
  readonly from?: number;
  /** A running lesson has been caught up. */
  readonly caughtUp?: () => void;
}

/** Everything a player knows and does, behind the page and behind the time-shift of the join page. */
export function useRecording(options: WatchOptions, text: Text) {
  const view = shallowRef<WatchView | null>(null);
  const trouble = ref<Trouble | null>(null);
  const refused = ref<number | null>(null);
  const tick = ref(0);
  const rate = ref(1);
  const volume = ref(Math.min(1, Math.max(0, Number(remembered("volume") ?? "1") || 0)));
  const muted = ref(false);
  const layout = ref<Layout>(LAYOUTS.find((each) => each === remembered("watch.layout")) ?? "beside");
  const chosen = ref<string | null>(null);
  const captions = ref<string | null>(remembered("watch.captions"));
  const cues = shallowRef<readonly Cue[]>([]);
  /** Where it was taken up again, to be offered to begin anew. */
  const resumed = ref<number | null>(null);
  const scrub = ref<number | null>(null);
  const keep = `watch.at.${options.recordingId}`;

  const player = new LessonPlayer(
    () => (tick.value += 1),
    () => view.value?.running ?? false,
  );
  const elements = new Map<string, HTMLMediaElement>();
  const decks = new Map<string, Deck>();
  let looking: ReturnType<typeof setTimeout> | undefined;
  let placed = false;

  const tracks = computed(() => (view.value ? tracksToPlay(view.value.tracks, playable) : []));
  const pictures = computed(() => tracks.value.filter((track) => track.kind === "video"));
  const sounds = computed(() => tracks.value.filter((track) => track.kind === "audio"));
  const large = computed(() => largeOnes(pictures.value.map((track) => track.name), layout.value, chosen.value));
  const position = computed(() => (void tick.value, scrub.value ?? player.position));
  const end = computed(() => (void tick.value, Math.max(player.end, view.value?.duration_s ?? 0)));
  const states = computed(() => (void tick.value, new Map(player.states().map((state) => [state.key, state]))));
  const playing = computed(() => (void tick.value, player.playing));
  const waiting = computed(() => (void tick.value, player.waiting));
  const behind = computed(() => Math.max(0, end.value - position.value));
  const spoken = computed(() => spokenAt(cues.value, position.value));
  const chapter = computed(() => {
    const all = view.value?.chapters ?? [];
    return all.reduce((found, each, index) => (each.start_s <= position.value + 0.05 ? index : found), -1);
  });

  async function look(): Promise<void> {
    clearTimeout(looking);
    const query = options.share === undefined ? "" : `?share=${encodeURIComponent(options.share)}`;
    const path = `/api/v1/recordings/${encodeURIComponent(options.recordingId)}/watch${query}`;
    try {
      const found = await api<WatchView>("GET", path, text.language.value, undefined, options.authorization);
      trouble.value = null;
      take(found);
      const unfinished = found.running || !found.extras?.finished;
      if (unfinished) looking = setTimeout(() => void look(), LOOK_AGAIN_MS);
    } catch (error) {
      if (error instanceof Refused && error.status < 500) refused.value = error.status;
      trouble.value = troubleOf(error, text.t);
      if (refused.value === null) looking = setTimeout(() => void look(), ASK_AGAIN_MS);
    }
  }

  function take(found: WatchView): void {
    const before = view.value;
    view.value = found;
    if (!placed && found.tracks.length > 0) {
      placed = true;
      const left = options.from ?? (found.running ? 0 : resumePoint(remembered(keep), found.duration_s));
      if (left > 0 && options.from === undefined) resumed.value = left;
      player.clock.set(Math.max(left, firstMoment(found.tracks)), performance.now());
    }
    if (captions.value !== null && found.captions.length > 0 && cues.value.length === 0) void loadCaptions();
    if (before) for (const track of tracks.value) attachIfKnown(track.key);
  }

  /** Vue gives and takes the elements. */
  function attach(key: string, element: HTMLMediaElement | null): void {
    if (!element) {
      elements.delete(key);
      decks.delete(key);
      player.remove(key);
      return;
    }
    if (elements.get(key) === element) return;
    elements.set(key, element);
    attachIfKnown(key);
  }

  function attachIfKnown(key: string): void {
    const track = tracks.value.find((each) => each.key === key);
    const element = elements.get(key);
    if (!track || !element || decks.has(key)) return;
    element.playbackRate = rate.value;
    const deck = new Deck(track, element, options.authorization ?? null);
    decks.set(key, deck);
    player.add(deck);
  }

  async function loadCaptions(): Promise<void> {
    const wanted = view.value?.captions.find((each) => each.language === captions.value) ?? view.value?.captions[0];
    if (!wanted) return;
    const headers: Record<string, string> = options.authorization ? { Authorization: options.authorization } : {};
    try {
      const response = await fetch(wanted.url, { headers, credentials: "same-origin" });
      cues.value = response.ok ? parseVtt(await response.text()) : [];
    } catch {
      cues.value = [];
    }
  }

  function toggle(): void {
    if (player.playing) player.pause();
    else player.play();
    keepPlace();
  }

  function seek(to: number): void {
    scrub.value = null;
    resumed.value = null;
    player.seek(to);
  }

  function setRate(to: number): void {
    rate.value = to;
    player.setRate(to);
  }

  function turn(to: number): void {
    volume.value = Math.min(1, Math.max(0, to));
    muted.value = volume.value === 0;
    remember("volume", String(volume.value));
  }

  function lay(to: Layout): void {
    layout.value = to;
    remember("watch.layout", to);
  }

  function nextLayout(): void {
    lay(LAYOUTS[(LAYOUTS.indexOf(layout.value) + 1) % LAYOUTS.length]!);
  }

  function say(language: string | null): void {
    captions.value = language;
    remember("watch.captions", language);
    cues.value = [];
    if (language !== null) void loadCaptions();
  }

  function goToChapter(step: 1 | -1): void {
    const all = view.value?.chapters ?? [];
    // Back within the first seconds of a chapter means the one before it.
    const from = step < 0 && position.value - (all[chapter.value]?.start_s ?? 0) > 3 ? chapter.value + 1 : chapter.value;
    const wanted = all[from + step];
    if (wanted) seek(wanted.start_s);
  }

  function keepPlace(): void {
    if (placed && !view.value?.running) remember(keep, player.ended ? null : String(Math.round(player.position)));
  }

  const keeping = setInterval(() => {
    if (player.playing) keepPlace();
    if (view.value?.running && player.playing && behind.value < MERGE_S) options.caughtUp?.();
  }, 1_000);
  const placing = setInterval(keepPlace, KEEP_EVERY_MS);
  window.addEventListener("pagehide", keepPlace);
  onScopeDispose(() => {
    keepPlace();
    clearInterval(keeping);
    clearInterval(placing);
    clearTimeout(looking);
    window.removeEventListener("pagehide", keepPlace);
    player.close();
  });
  void look();

  return {
    view, trouble, refused, tracks, pictures, sounds, large, position, end, states, playing, waiting, behind, spoken,
    chapter, rate, volume, muted, layout, chosen, captions, resumed, scrub, player,
    attach, toggle, seek, setRate, turn, lay, nextLayout, say, goToChapter, look,
    changed: () => triggerRef(view),
  };
}

export type RecordingModel = ReturnType<typeof useRecording>;
