import { computed, onScopeDispose, ref, shallowRef, triggerRef } from "vue";
import { LiveSocket, SocketRefused } from "../live/socket";
import { phaseOf, stageOf, type QualityChoice } from "../media/choice";
import { MediaSession } from "../media/session";
import { api, Refused, troubleOf, type Trouble } from "../shared/api";
import { remember, remembered } from "../shared/memory";
import type { Text } from "../shared/text";
import type { Hello, JoinInfo, LessonView, SessionView, TokenView } from "../wire.gen";
import { publishProbe } from "./probe";

export type Screen = "loading" | "unknown" | "entry" | "inside" | "left" | "refused" | "old";

/** A token is fetched anew when it would expire within this, milliseconds. */
const TOKEN_MARGIN_MS = 30_000;
/** Greetings refused in a row before we stop asking and say why. */
const REFUSALS_LIMIT = 4;
const ASK_AGAIN_MS = 3_000;
const session = () => sessionStorage;

/** The code at the end of `/join/{code}`. */
export function codeOf(path: string): string {
  return decodeURIComponent(path.replace(/\/+$/, "").split("/").pop() ?? "");
}

/** Everything the join page knows and does. */
export function useLesson(code: string, text: Text) {
  const screen = ref<Screen>("loading");
  const info = ref<JoinInfo | null>(null);
  const lesson = ref<LessonView | null>(null);
  const trouble = ref<Trouble | null>(null);
  const account = ref<SessionView | null>(null);
  const entering = ref(false);
  const name = ref(remembered("name") ?? "");
  const now = ref(performance.now());
  const media = shallowRef<MediaSession | null>(null);
  const socketState = shallowRef<LiveSocket | null>(null);
  const chosen = ref<string | null>(null);
  const quality = ref<QualityChoice>("auto");
  const probe = publishProbe(() => ({ screen: screen.value, phase: phase.value, lesson: lesson.value, media: media.value }));

  let token: TokenView | null = null;
  let refusals = 0;
  let asking: ReturnType<typeof setTimeout> | undefined;

  const phase = computed(() => (lesson.value ? phaseOf(lesson.value.state) : null));
  const stage = computed(() => stageOf(lesson.value?.sources ?? [], chosen.value));
  const lostSeconds = computed(() => {
    const lostAt = socketState.value?.lostAt ?? null;
    return lostAt === null ? null : Math.max(0, Math.floor((now.value - lostAt) / 1000));
  });
  /** Milliseconds until the planned beginning by the server's clock. */
  const startsInMs = computed(() => {
    void now.value;
    const starts = lesson.value?.starts_at ?? info.value?.starts_at;
    return starts ? Date.parse(starts) - Date.now() - (socketState.value?.serverAheadMs ?? 0) : 0;
  });

  const ticking = setInterval(() => (now.value = performance.now()), 1_000);
  onScopeDispose(() => {
    clearInterval(ticking);
    clearTimeout(asking);
    disconnect();
  });

  async function ask(): Promise<void> {
    try {
      const found = await api<JoinInfo>("GET", `/api/v1/join/${encodeURIComponent(code)}`, text.language.value);
      // Only a lesson that is not open to everybody asks who is signed in.
      if (found.needs_account) await recognise();
      info.value = found;
      trouble.value = null;
      if (screen.value === "loading") screen.value = "entry";
      // Whoever was inside and reloaded the page wants to be inside.
      const mayEnter = !found.needs_account || account.value !== null;
      if (remembered(`inside.${code}`, session) && name.value && mayEnter && !ended(found)) void enter();
    } catch (error) {
      if (error instanceof Refused && error.status === 404) {
        screen.value = "unknown";
      } else {
        trouble.value = troubleOf(error, text.t);
        asking = setTimeout(() => void ask(), ASK_AGAIN_MS);
      }
    }
  }

  async function recognise(): Promise<void> {
    try {
      account.value = await api<SessionView>("GET", "/api/v1/session", text.language.value);
      name.value = account.value.name;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      account.value = null;
    }
  }

  /** The one click. Dials while the token is fetched. */
  async function enter(): Promise<void> {
    if (entering.value) return;
    entering.value = true;
    trouble.value = null;
    refusals = 0;
    if (!account.value) remember("name", name.value);
    probe.clicked();
    const socket = new LiveSocket({
      hello,
      welcomed: () => void welcomed(socket),
      changed: () => triggerRef(socketState),
      refused: (failure) => {
        token = null;
        refusals += 1;
        if (refusals < REFUSALS_LIMIT) return true;
        refuse({ message: failure.message, remedy: failure.remedy });
        return false;
      },
    });
    socket.on("lesson", (message) => changed(socket, message.lesson));
    socketState.value = socket;
    socket.start();
    const first = await fetchToken().catch((error: unknown) => error);
    if (first instanceof Refused) {
      disconnect();
      entering.value = false;
      screen.value = "entry";
      trouble.value = troubleOf(first, text.t);
    } else {
      // Unreachable: the socket keeps trying and the page says so.
      screen.value = "inside";
      entering.value = false;
      remember(`inside.${code}`, "1", session);
    }
  }

  let fetching: Promise<TokenView> | null = null;

  function fetchToken(): Promise<TokenView> {
    fetching ??= api<TokenView>("POST", `/api/v1/join/${encodeURIComponent(code)}`, text.language.value, {
      name: name.value,
    })
      .then((fresh) => (token = fresh))
      .finally(() => (fetching = null));
    return fetching;
  }

  async function hello(): Promise<Hello> {
    if (!token || Date.parse(token.expires_at) - Date.now() < TOKEN_MARGIN_MS) {
      try {
        token = await fetchToken();
      } catch (error) {
        if (error instanceof Refused && screen.value === "inside") await refusedAgain(error);
        throw error;
      }
    }
    return { type: "hello", token: token.token, language: text.language.value };
  }

  /** A token was refused to somebody who had been inside: the lesson is over, or something is wrong. */
  async function refusedAgain(error: Refused): Promise<void> {
    try {
      info.value = await api<JoinInfo>("GET", `/api/v1/join/${encodeURIComponent(code)}`, text.language.value);
    } catch {
      return;
    }
    refusals += 1;
    if (ended(info.value)) finish();
    else if (refusals >= REFUSALS_LIMIT) refuse(troubleOf(error, text.t));
  }

  async function welcomed(socket: LiveSocket): Promise<void> {
    if (!token) return;
    media.value?.socketReturned();
    try {
      await socket.request({ type: "watch_lesson", lesson_id: token.lesson_id });
      refusals = 0;
    } catch (error) {
      if (error instanceof SocketRefused) refuse({ message: error.failure.message, remedy: error.failure.remedy });
    }
  }

  function changed(socket: LiveSocket, view: LessonView): void {
    lesson.value = view;
    if (ended(view)) {
      finish();
      return;
    }
    const flowing = phaseOf(view.state) === "live";
    if (!media.value && !flowing) return;
    media.value ??= new MediaSession(socket, view.id, () => triggerRef(media));
    media.value.choose(quality.value, stage.value.large);
    media.value.update(view.sources, flowing);
  }

  function choose(source: string | null, choice: QualityChoice): void {
    chosen.value = source;
    quality.value = choice;
    media.value?.choose(choice, stage.value.large);
  }

  function disconnect(): void {
    media.value?.close();
    media.value = null;
    socketState.value?.stop();
  }

  function finish(): void {
    remember(`inside.${code}`, null, session);
    if (info.value && lesson.value) info.value = { ...info.value, state: lesson.value.state };
    disconnect();
  }

  function refuse(reason: Trouble): void {
    disconnect();
    trouble.value = reason;
    screen.value = "refused";
  }

  function leave(): void {
    remember(`inside.${code}`, null, session);
    disconnect();
    lesson.value = null;
    token = null;
    screen.value = "left";
  }

  if (typeof RTCPeerConnection === "undefined" || typeof WebSocket === "undefined") screen.value = "old";
  else void ask();

  return {
    screen, info, lesson, account, phase, stage, trouble, entering, name, media, socket: socketState, chosen, quality,
    lostSeconds, startsInMs, probe, enter, leave, choose,
    /** What this page shows the server of itself over HTTP. */
    authorization: () => (token ? `Bearer ${token.token}` : null),
    /** The server's time in milliseconds since 1970: the clocks of classroom PCs are often wrong. */
    serverNow: () => Date.now() + (socketState.value?.serverAheadMs ?? 0),
  };
}

export type LessonModel = ReturnType<typeof useLesson>;

function ended(view: { state: LessonView["state"] }): boolean {
  const phase = phaseOf(view.state);
  return phase === "ended" || phase === "cancelled";
}
