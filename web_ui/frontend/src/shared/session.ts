import { onScopeDispose, ref } from "vue";
import type { SessionView } from "../wire.gen";
import { api, Refused, troubleOf, type Trouble } from "./api";
import { remember } from "./memory";
import type { Text } from "./text";

const ASK_AGAIN_MS = 3_000;

/** Who is signed in, for pages that need no socket; `known` is called once that is clear. */
export function useSession(text: Text, known: () => void) {
  const session = ref<SessionView | null>(null);
  /** null until known. */
  const signedIn = ref<boolean | null>(null);
  const trouble = ref<Trouble | null>(null);
  let asking: ReturnType<typeof setTimeout> | undefined;

  async function ask(): Promise<void> {
    try {
      session.value = await api<SessionView>("GET", "/api/v1/session", text.language.value);
      signedIn.value = true;
    } catch (error) {
      if (!(error instanceof Refused && error.status === 401)) {
        trouble.value = troubleOf(error, text.t);
        asking = setTimeout(() => void ask(), ASK_AGAIN_MS);
        return;
      }
      signedIn.value = false;
    }
    trouble.value = null;
    known();
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

  onScopeDispose(() => clearTimeout(asking));
  void ask();
  return { session, signedIn, trouble, signOut };
}
