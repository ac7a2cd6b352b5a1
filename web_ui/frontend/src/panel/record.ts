import type { RoomRecordingView } from "../wire.gen";

/** Whole minutes, so that what is shown as safe really is: safe rounds down, recorded up. */
export function safeMinutes(recording: RoomRecordingView): { safe: number; recorded: number } {
  const recorded = Math.ceil(recording.recorded_s / 60);
  const all = recording.waiting_bytes === 0 && recording.safe_s >= recording.recorded_s - 1;
  return { safe: all ? recorded : Math.floor(recording.safe_s / 60), recorded };
}

export function megabytes(bytes: number, language: string): string {
  const [unit, value] = bytes < 1e9 ? ["megabyte", bytes / 1e6] as const : ["gigabyte", bytes / 1e9] as const;
  const digits = value < 10 ? 1 : 0;
  return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: digits }).format(value);
}
