import type { Problem } from "../wire.gen";
import type { Language } from "./language";

/** The server refused; `problem` says why and what to do, in the page's language. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.code);
  }

  get status(): number {
    return this.problem.status;
  }
}

/** The server could not be reached, or what answered was not the server. */
export class Unreachable extends Error {}

/**
 * One request to the JSON API of our own origin; a Blob is sent as the file it is, all else as JSON. `authorization` ("Bearer …") for whoever has a token and no session.
 * Throws `Refused` or `Unreachable`.
 */
export async function api<T>(
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  language: Language,
  body?: object | Blob,
  authorization?: string,
): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json", "Accept-Language": language };
  if (body !== undefined) headers["Content-Type"] = body instanceof Blob ? body.type : "application/json";
  if (authorization !== undefined) headers["Authorization"] = authorization;
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
      cache: "no-store",
      ...(body === undefined ? {} : { body: body instanceof Blob ? body : JSON.stringify(body) }),
    });
  } catch (error) {
    throw new Unreachable(String(error));
  }
  if (response.status === 204) return undefined as T;
  let answer: unknown;
  try {
    answer = await response.json();
  } catch (error) {
    throw new Unreachable(`status ${response.status}: ${String(error)}`);
  }
  if (!response.ok) {
    if (typeof answer === "object" && answer !== null && "code" in answer) throw new Refused(answer as Problem);
    throw new Unreachable(`status ${response.status}`);
  }
  return answer as T;
}

export interface Trouble {
  message: string;
  remedy: string;
}

/** What to show of a failed request: the server's own words, or that it is out of reach. */
export function troubleOf(error: unknown, t: (key: string) => string): Trouble {
  if (error instanceof Refused) {
    return { message: error.problem.detail || error.problem.title, remedy: error.problem.remedy };
  }
  return { message: t("trouble.unreachable"), remedy: t("trouble.unreachableRemedy") };
}
