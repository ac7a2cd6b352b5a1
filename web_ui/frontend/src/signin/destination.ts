import type { Role } from "../wire.gen";

/** Where somebody goes after signing in: a page of ours they came from, else the one of their role; null: stay here. */
export function destination(roles: readonly Role[], search: string, origin: string): string | null {
  const next = new URLSearchParams(search).get("next");
  if (next !== null) {
    // Only paths of this server: the address may have been made by anybody.
    const wanted = parse(next, origin);
    if (wanted && wanted.origin === origin && next.startsWith("/")) return wanted.pathname + wanted.search;
  }
  if (roles.some((role) => role === "coordinator" || role === "admin" || role === "supervisor" || role === "archivist")) {
    return "/console";
  }
  return roles.includes("teacher") || roles.includes("device") ? "/panel" : null;
}

function parse(address: string, origin: string): URL | null {
  try {
    return new URL(address, origin);
  } catch {
    return null;
  }
}
