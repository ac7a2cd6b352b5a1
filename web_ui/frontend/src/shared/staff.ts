import { onScopeDispose, ref, shallowRef, triggerRef, type Ref } from "vue";
import { LiveSocket, type Request } from "../live/socket";
import type { SessionView } from "../wire.gen";
import { remember } from "./memory";
import { api, Refused, troubleOf, type Trouble } from "./api";
import { dayOf } from "./time";
import type { Text } from "./text";

const ASK_AGAIN_MS = 3_000;

/**
 * What the pages of staff share: who is signed in, the socket, the clock. `watches` are sent on every welcome; call
 * `rewatch` when they change.
 */
export function useStaff(text: Text, watches: () => Request[], connected: (socket: LiveSocket) => void) {
  const session = ref<SessionView | null>(null);
  /** null until known. */
  const signedIn = ref<boolean | null>(null);
  const trouble = ref<Trouble | null>(null);
  const socketRef = shallowRef<LiveSocket | null>(null);
  const now = ref(performance.now());
  let asking: ReturnType<typeof setTimeout> | undefined;

  const ticking = setInterval(() => (now.value = performance.now()), 1_000);
  onScopeDispose(() => {
    clearInterval(ticking);
    clearTimeout(asking);
    socketRef.value?.stop();
  });

  async function ask(): Promise<void> {
    try {
      session.value = await api<SessionView>("GET", "/api/v1/session", text.language.value);
      signedIn.value = true;
      remember("signedIn", "1");
      trouble.value = null;
      connect();
    } catch (error) {
      if (error instanceof Refused && error.status === 401) {
        signedIn.value = false;
      } else {
        trouble.value = troubleOf(error, text.t);
        asking = setTimeout(() => void ask(), ASK_AGAIN_MS);
      }
    }
  }

  function connect(): void {
    const socket = new LiveSocket({
      hello: () => Promise.resolve({ type: "hello", token: null, language: text.language.value }),
      welcomed: () => rewatch(),
      changed: () => triggerRef(socketRef),
      refused: (failure) => {
        // The session may have ended meanwhile: the HTTP side knows.
        trouble.value = { message: failure.message, remedy: failure.remedy };
        void api<SessionView>("GET", "/api/v1/session", text.language.value).catch((error: unknown) => {
          if (error instanceof Refused && error.status === 401) {
            signedIn.value = false;
            socket.stop();
          }
        });
        return true;
      },
    });
    socketRef.value = socket;
    connected(socket);
    socket.start();
  }

  function rewatch(): void {
    const socket = socketRef.value;
    if (!socket) return;
    trouble.value = null;
    for (const watch of watches()) {
      socket.request(watch).catch((error: unknown) => {
        if (error instanceof Error && "failure" in error) {
          const { message, remedy } = (error as { failure: Trouble }).failure;
          trouble.value = { message, remedy };
        }
      });
    }
  }

  async function signOut(): Promise<void> {
    try {
      await api("DELETE", "/api/v1/session", text.language.value);
      remember("signedIn", null);
      location.assign("/");
    } catch (error) {
      trouble.value = troubleOf(error, text.t);
    }
  }

  void ask();
  return {
    session, signedIn, trouble, now, socket: socketRef, rewatch, signOut,
    /** The server's time in milliseconds since 1970; reading it follows the seconds. */
    serverNow: () => (void now.value, Date.now() + (socketRef.value?.serverAheadMs ?? 0)),
    today: () => dayOf((void now.value, Date.now() + (socketRef.value?.serverAheadMs ?? 0))),
    lostSeconds: () => lostSeconds(socketRef, now),
  };
}

function lostSeconds(socket: Ref<LiveSocket | null>, now: Ref<number>): number | null {
  const lostAt = socket.value?.lostAt ?? null;
  return lostAt === null ? null : Math.max(0, Math.floor((now.value - lostAt) / 1000));
}
