import { api } from "../shared/api";
import { useDoing } from "../shared/doing";
import type { Text } from "../shared/text";

export const PLANNING = "/api/v1/planning";

type Method = "GET" | "POST" | "PUT" | "DELETE";

/** How a part of the page asks the server that plans. */
export function useDesk(text: Text) {
  const call = <T>(method: Method, path: string, body?: object | Blob) => api<T>(method, `${PLANNING}/${path}`, text.language.value, body);
  return { ...useDoing(text), call };
}
