const PREFIX = "qianshou.";

/** What this browser kept under `key`; null also where storage is switched off by policy. */
export function remembered(key: string, storage: () => Storage = () => localStorage): string | null {
  try {
    return storage().getItem(PREFIX + key);
  } catch {
    return null;
  }
}

/** Keep a value (null forgets it). Storage may be full or forbidden: then it is simply not remembered. */
export function remember(key: string, value: string | null, storage: () => Storage = () => localStorage): void {
  try {
    if (value === null) storage().removeItem(PREFIX + key);
    else storage().setItem(PREFIX + key, value);
  } catch {
    // Not remembering is the whole consequence.
  }
}
