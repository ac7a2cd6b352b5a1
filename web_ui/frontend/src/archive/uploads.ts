import { reactive } from "vue";
import { Refused, Unreachable, api, troubleOf, type Trouble } from "../shared/api";
import type { Language } from "../shared/language";
import type { ImportFileView, Problem } from "../wire.gen";

const PIECE_BYTES = 16 * 1024 * 1024;
const AGAIN_MS = 3000;

export type UploadState = "waiting" | "sending" | "paused" | "done" | "failed";

/** A file on its way; `paused`: the server cannot be reached just now, it goes on by itself. */
export interface Upload {
  readonly folder: string;
  readonly file: File;
  received: number;
  state: UploadState;
  trouble: Trouble | null;
}

const enc = encodeURIComponent;
export const pathOf = (folder: string, name: string): string => `/api/v1/archive/imports/${enc(folder)}/${enc(name)}`;

/** Brings files one after the other, each from where it stopped before. */
export class Uploader {
  readonly uploads = reactive<Upload[]>([]);
  private running: XMLHttpRequest | null = null;
  private busy = false;

  constructor(
    private readonly language: () => Language,
    private readonly t: (key: string) => string,
    private readonly onWhole: () => void,
  ) {}

  get active(): boolean {
    return this.uploads.some((one) => one.state !== "done" && one.state !== "failed");
  }

  add(folder: string, files: Iterable<File>): void {
    for (const file of files) {
      const known = this.uploads.findIndex((one) => one.folder === folder && one.file.name === file.name);
      if (known >= 0 && this.uploads[known]?.state !== "failed") continue;
      if (known >= 0) this.uploads.splice(known, 1);
      this.uploads.push({ folder, file, received: 0, state: "waiting", trouble: null });
    }
    void this.run();
  }

  async cancel(upload: Upload): Promise<void> {
    const sending = upload.state === "sending";
    this.uploads.splice(this.uploads.indexOf(upload), 1);
    if (sending) this.running?.abort();
    await api("DELETE", pathOf(upload.folder, upload.file.name), this.language());
    this.onWhole();
  }

  stop(): void {
    for (const one of this.uploads) if (one.state !== "done") one.state = "failed";
    this.running?.abort();
  }

  private async run(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    for (let next = this.next(); next !== undefined; next = this.next()) await this.bring(next);
    this.busy = false;
  }

  private next(): Upload | undefined {
    return this.uploads.find((one) => one.state === "waiting" || one.state === "paused");
  }

  private async bring(upload: Upload): Promise<void> {
    const { folder, file } = upload;
    const about = `?modified=${file.lastModified}`;
    upload.state = "sending";
    try {
      const known = await api<ImportFileView>("GET", `${pathOf(folder, file.name)}${about}&size=${file.size}`, this.language());
      upload.received = known.received_bytes;
      while (upload.received < file.size) {
        const view = await this.send(upload, `${pathOf(folder, file.name)}${about}`);
        upload.received = view.received_bytes;
      }
      [upload.state, upload.trouble] = ["done", null];
      this.onWhole();
    } catch (error) {
      if (!this.uploads.includes(upload) || (upload.state as UploadState) === "failed") return;
      upload.trouble = troubleOf(error, this.t);
      // what another line or another minute may mend is tried again; the rest is for people
      const passing = error instanceof Unreachable || (error instanceof Refused && error.problem.code === "upload_gap");
      upload.state = passing ? "paused" : "failed";
      if (passing) await new Promise((resolve) => window.setTimeout(resolve, AGAIN_MS));
    }
  }

  /** The next piece. `fetch` would not say how much of it has gone. */
  private send(upload: Upload, path: string): Promise<ImportFileView> {
    const begin = upload.received;
    const piece = upload.file.slice(begin, begin + PIECE_BYTES);
    return new Promise((resolve, reject) => {
      const request = (this.running = new XMLHttpRequest());
      request.open("PUT", path);
      request.setRequestHeader("Accept-Language", this.language());
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.setRequestHeader("Content-Range", `bytes ${begin}-${begin + piece.size - 1}/${upload.file.size}`);
      request.responseType = "json";
      request.upload.onprogress = (event) => (upload.received = begin + Math.min(event.loaded, piece.size));
      request.onerror = request.onabort = () => reject(new Unreachable(path));
      request.onload = () => {
        const answer: unknown = request.response;
        if (request.status < 400 && answer !== null) resolve(answer as ImportFileView);
        else reject(typeof answer === "object" && answer !== null && "code" in answer ? new Refused(answer as Problem) : new Unreachable(`status ${request.status}`));
      };
      request.send(piece);
    });
  }
}
