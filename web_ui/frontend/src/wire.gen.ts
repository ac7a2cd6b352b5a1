// Written by `python -m web_ui.typescript` from classroom/messages; do not edit.

/**
 * To an agent: the lesson to publish and record now; null: stop. `began_at` is when it was started: media time 0
 * of its recording.
 */
export interface AgentLesson {
  type: "agent_lesson";
  lesson_id: string | null;
  title: string | null;
  began_at: string | null;
}

/** Sound level of a source over the last tenth of a second, dBFS (0 is full scale, -96 is silence). */
export interface AgentLevels {
  type: "agent_levels";
  source: string;
  rms_dbfs: number;
  peak_dbfs: number;
}

/** A small JPEG of what a source shows now (base64). */
export interface AgentPreview {
  type: "agent_preview";
  source: string;
  jpeg: string;
}

/** The whole state of a room agent, sent on connecting and on change. */
export interface AgentState {
  type: "agent_state";
  sources: RoomSourceView[];
  alarms: AlarmView[];
  publishing_lesson_id: string | null;
  recordings?: RoomRecordingView[];
}

/** To an agent: somebody looks into the room, so send previews and levels for so long; said again while they do. */
export interface AgentWatched {
  type: "agent_watched";
  for_s: number;
}

/** Something the teacher should know, raised by the room agent. `source` is empty for the room itself. */
export interface AlarmView {
  code: "no_signal" | "silence" | "black_picture" | "source_failed" | "publishing_lost" | "recording_failed" | "disk_low" | "disk_full";
  source: string;
  since: string;
}

/** WebVTT. `language` as in RFC 5646. */
export interface CaptionsView {
  language: string;
  label: string;
  url: string;
}

/** One thing wrong in one cell, in the caller's language; `cell` such as `C5`, empty when it is about the sheet. */
export interface CellFaultView {
  sheet: string;
  cell: string;
  code: string;
  message: string;
  remedy: string;
}

/** A slide shown from `start_s` on; `still` is a small picture of it. */
export interface ChapterView {
  start_s: number;
  still: string | null;
}

export interface ClassEdit {
  name: string;
  grade: number;
  size?: number;
  screen_min_day?: number | null;
  allowed?: [number, number][] | null;
  own_teaching?: OwnTeachingView[];
}

/** `allowed` null: any period of the bell; `screen_min_day` null: `screen_cap_min`, what the grade allows. */
export interface ClassGroupView {
  id: string;
  school_id: string;
  name: string;
  grade: number;
  size: number;
  screen_min_day: number | null;
  screen_cap_min: number;
  allowed: [number, number][] | null;
  own_teaching: OwnTeachingView[];
}

/**
 * Weekly lessons of one subject at one school: required by the curriculum, taught by itself, wanted from others,
 * and given by the published timetable.
 */
export interface CoverageCell {
  school_id: string;
  subject: string;
  required: number;
  own: number;
  wanted: number;
  given: number;
}

/** `wanted` and `given` are the sums; a cell is there where anything is required. */
export interface CoverageView {
  term_id: string;
  schools: string[];
  subjects: string[];
  cells: CoverageCell[];
  wanted: number;
  given: number;
}

/** The lines that differ from the national plan; all others are as there. */
export interface CurriculumEdit {
  lines: CurriculumLine[];
}

/** Weekly lessons of a subject in a grade. */
export interface CurriculumLine {
  grade: number;
  subject: string;
  lessons: number;
}

/** `national` is the national plan's number, 0 where it has no such subject. */
export interface CurriculumLineView {
  grade: number;
  subject: string;
  lessons: number;
  national: number;
}

/** Why a day is not like its weekday. */
export type DayKind = "holiday" | "swapped" | "exam" | "other";

/** The textbook of a subject; `school_id` null: in the whole region. */
export interface EditionLine {
  school_id: string | null;
  subject: string;
  edition: string;
}

export interface EditionsEdit {
  editions: EditionLine[];
}

/** One encoding of a source's picture; `rid` as in RFC 8851. Zero where not known yet. */
export interface EncodingView {
  rid: string;
  width: number;
  height: number;
  bitrate_bps: number;
}

/** How far pictures, waveform, chapters and AAC are. `failed`: segments that gave none. */
export interface ExtrasView {
  done: number;
  steps: number;
  failed: number;
  finished: boolean;
}

/** A request, or the whole socket when `id` is null, was refused. Text is in the language of `hello`. */
export interface Failure {
  type: "error";
  id: number | null;
  code: string;
  message: string;
  remedy: string;
}

export interface Hello {
  type: "hello";
  token?: string | null;
  language?: "zh-CN" | "en";
}

/** Where a track has nothing, seconds from the recording's beginning. */
export interface HoleView {
  begin_s: number;
  end_s: number;
}

/** What was added. */
export interface IdView {
  id: string;
}

/** Of one kind of thing (`schools`, `rooms`, `teachers` …): how many are new, how many were there and set again. */
export interface ImportCount {
  what: string;
  added: number;
  changed: number;
}

/**
 * `applied` false: nothing was changed, because it was a dry run or because of faults. `fault_count` may be more
 * than are shown.
 */
export interface ImportView {
  applied: boolean;
  counts: ImportCount[];
  faults: CellFaultView[];
  fault_count: number;
}

/** What anybody with the code may know of a lesson. */
export interface JoinInfo {
  lesson_id: string;
  code: string;
  title: string;
  subject: string;
  teacher_name: string;
  school_name: string;
  state: LessonState;
  starts_at: string;
  ends_at: string;
  needs_account: boolean;
}

/** `name` is shown to the teacher: the teaching point's or the child's. */
export interface JoinRequest {
  name: string;
}

export interface LessonChanged {
  type: "lesson";
  id: number | null;
  lesson: LessonView;
}

export interface LessonList {
  type: "lessons";
  id: number | null;
  day: string;
  lessons: LessonView[];
}

/** The three classrooms of policy (三个课堂), and teacher research beside them. */
export type LessonMode = "delivery" | "master" | "open" | "research";

/** Where a lesson can be seen from its beginning; `recording_id` is None when nothing was recorded (yet). */
export interface LessonRecordingView {
  recording_id: string | null;
  began_at: string | null;
}

export type LessonState = "planned" | "ready" | "live" | "interrupted" | "ended" | "archived" | "cancelled";

/** A lesson as pages see it. `viewers` is present for staff only; everyone gets `viewer_count`. */
export interface LessonView {
  id: string;
  code: string;
  title: string;
  subject: string;
  grade: number;
  mode: LessonMode;
  topology: Topology;
  state: LessonState;
  teacher_name: string;
  school_name: string;
  room_id: string;
  room_name: string;
  points: string[];
  open_join: boolean;
  starts_at: string;
  ends_at: string;
  started_at: string | null;
  ended_at: string | null;
  sources: SourceView[];
  viewer_count: number;
  viewers: ViewerView[] | null;
}

export interface LessonsView {
  lessons: LessonView[];
}

export interface MediaAnswer {
  type: "media_answer";
  id: number;
  sdp: string;
}

export interface MediaClose {
  type: "media_close";
}

/** The server gave the media connection up (or never had it): offer again. */
export interface MediaLost {
  type: "media_lost";
  reason: string;
}

/** Subscribe. The first offer creates the connection, later ones renegotiate it (new sources, ICE restart). */
export interface MediaOffer {
  type: "media_offer";
  id: number;
  lesson_id: string;
  sdp: string;
  tracks: WantedTrack[];
}

/** Choose for one picture: "auto", "off", or a `rid` to be pinned to. */
export interface MediaPrefer {
  type: "media_prefer";
  mid: string;
  encoding: string;
}

/**
 * What a media section carries now; sent on change. `rid` is null while the server sends no picture on it,
 * and `reason` says why ("bandwidth": the line is too thin, "codec": your offer has no codec that can carry it,
 * "no_source": nobody publishes it, "off": you chose so).
 */
export interface MediaTrackState {
  type: "media_track";
  mid: string;
  rid: string | null;
  reason: "bandwidth" | "codec" | "no_source" | "off" | null;
}

/** What a class wants of a subject; `lessons` null: as computed. */
export interface NeedEdit {
  class_id: string;
  subject: string;
  lessons?: number | null;
  priority?: number;
  allowed?: [number, number][] | null;
  preferred?: [number, number][];
  previous_teacher_id?: string | null;
}

/** `lessons` is `edited`, or else `computed`: what the curriculum asks for and the school cannot teach itself. */
export interface NeedView {
  id: string;
  school_id: string;
  class_id: string;
  grade: number;
  subject: string;
  edition: string;
  computed: number;
  edited: number | null;
  lessons: number;
  priority: number;
  allowed: [number, number][] | null;
  preferred: [number, number][];
  previous_teacher_id: string | null;
}

export interface NeedsView {
  needs: NeedView[];
}

export interface NewClass {
  school_id: string;
  group: ClassEdit;
}

export interface NewLesson {
  title: string;
  subject: string;
  grade: number;
  mode: LessonMode;
  topology?: Topology;
  room_id: string;
  teacher_id: string;
  starts_at: string;
  ends_at: string;
  open_join?: boolean;
  points?: string[];
}

export interface NewRoom {
  code: string;
  name: string;
  kind: RoomKind;
  school_id: string;
}

export interface NewSchool {
  code: string;
  name: string;
  kind: SchoolKind;
  region_id: string;
}

/** An account that cannot sign in until somebody sets its password. */
export interface NewTeacher {
  username: string;
  name: string;
  school_id: string;
  offer: TeacherEdit;
}

export interface NewTerm {
  region_id: string;
  term: TermEdit;
}

/** What the class's own school can give it of a subject it cannot give in full. */
export interface OwnTeachingView {
  subject: string;
  lessons: number;
}

/** Keeps the socket alive through proxies and measures the round trip. */
export interface Ping {
  type: "ping";
  id: number;
}

/** What holds for every lesson of a term; bandwidth in Mbps as planned for each end of a lesson. */
export interface PlanRulesView {
  lesson_min: number;
  grid_min: number;
  max_points: number;
  changeover_min: number;
  host_up_mbps: number;
  host_down_per_point_mbps: number;
  point_down_mbps: number;
  point_up_mbps: number;
  node_participants: number;
}

/** A region whose planning one may see; `may_change` whether one may also change it. */
export interface PlanningRegionView {
  id: string;
  name: string;
  level: RegionLevel;
  parent_id: string | null;
  may_change: boolean;
}

export interface PlanningRegionsView {
  regions: PlanningRegionView[];
}

export interface Pong {
  type: "pong";
  id: number;
  server_time: string;
}

/** RFC 9457 problem details, with our stable `code` and what to do about it. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  remedy: string;
  data: Record<string, string | number | boolean | string[]>;
}

export type RegionLevel = "province" | "city" | "county" | "central_school";

/** All a region knows of its schools. */
export interface RegistryView {
  region: PlanningRegionView;
  schools: SchoolPlanView[];
  rooms: RoomPlanView[];
  teachers: TeacherPlanView[];
  classes: ClassGroupView[];
  editions: EditionLine[];
  curriculum: CurriculumLineView[];
  subjects: SubjectView[];
}

export type Role = "teacher" | "student" | "coordinator" | "archivist" | "supervisor" | "admin" | "device";

export interface RoomChanged {
  type: "room";
  id: number | null;
  room: RoomView;
}

export type RoomKind = "recording" | "receiving";

export interface RoomLevels {
  type: "room_levels";
  room_id: string;
  source: string;
  rms_dbfs: number;
  peak_dbfs: number;
}

export interface RoomPlanView {
  id: string;
  code: string;
  name: string;
  kind: RoomKind;
  school_id: string;
}

export interface RoomPreview {
  type: "room_preview";
  room_id: string;
  source: string;
  jpeg: string;
}

/**
 * A lesson on the room's own disk that is not wholly on the server yet. `problem` is an error code of the catalogs:
 * why it is not recorded, or why nothing moves.
 */
export interface RoomRecordingView {
  lesson_id: string;
  title: string;
  running: boolean;
  recorded_s: number;
  safe_s: number;
  waiting_bytes: number;
  problem: string | null;
  problem_data: Record<string, string | number | boolean | string[]>;
  problem_text: string | null;
}

/**
 * A source of a room, whether or not it is being published. `problem` is an error code of the catalogs and
 * `problem_data` what fills its text.
 */
export interface RoomSourceView {
  name: string;
  kinds: ("audio" | "video")[];
  state: "starting" | "running" | "failed";
  problem: string | null;
  problem_data: Record<string, string | number | boolean | string[]>;
  problem_text: string | null;
  width: number;
  height: number;
  fps: number;
  encoder: string | null;
}

/** A room and its agent as pages see them. */
export interface RoomView {
  id: string;
  code: string;
  name: string;
  school_name: string;
  online: boolean;
  sources: RoomSourceView[];
  alarms: AlarmView[];
  publishing_lesson_id: string | null;
  recordings: RoomRecordingView[];
}

export interface RoomsView {
  rooms: RoomView[];
}

/** The whole form of a school: what is left out gets its default. */
export interface SchoolEdit {
  name: string;
  kind: SchoolKind;
  bell?: [number, number][];
  rooms_limit?: number | null;
  up_mbps?: number;
  down_mbps?: number;
  tolerance_min?: number;
}

export type SchoolKind = "strong" | "weak" | "point";

/** `rooms`: how many lessons it gives or receives at once, by its rooms unless `rooms_limit` says otherwise. */
export interface SchoolPlanView {
  id: string;
  code: string;
  name: string;
  kind: SchoolKind;
  region_id: string;
  bell: [number, number][];
  rooms: number;
  rooms_limit: number | null;
  up_mbps: number;
  down_mbps: number;
  tolerance_min: number;
}

/** Who is signed in. */
export interface SessionView {
  id: string;
  name: string;
  roles: Role[];
  school_id: string | null;
}

/** Small pictures of the whole recording in one image, one every `every_s`, in rows of `columns`. */
export interface SheetView {
  url: string;
  every_s: number;
  tiles: number;
  columns: number;
  tile_width: number;
  tile_height: number;
}

export interface SignIn {
  username: string;
  password: string;
}

/** A source now published into a lesson. `encodings` from the highest to the lowest; empty without a picture. */
export interface SourceView {
  name: string;
  kinds: ("audio" | "video")[];
  encodings: EncodingView[];
}

/** `edition_free`: any teacher of the subject can teach it, whatever the textbook. */
export interface SubjectView {
  name: string;
  edition_free: boolean;
}

/** What a teacher offers; `edition` `*`: any. */
export interface TeacherEdit {
  subject: string;
  grades: number[];
  edition?: string;
  free: [number, number][];
  flex_min?: number;
  max_week: number;
  max_day: number;
  scope?: TeachingScope;
}

export interface TeacherPlanView {
  id: string;
  username: string;
  name: string;
  school_id: string;
  subject: string;
  grades: number[];
  edition: string;
  free: [number, number][];
  flex_min: number;
  max_week: number;
  max_day: number;
  scope: TeachingScope;
}

/** Somebody a lesson can be planned for. */
export interface TeacherView {
  id: string;
  name: string;
}

export interface TeachersView {
  teachers: TeacherView[];
}

/** How far a teacher may be asked to teach. */
export type TeachingScope = "county" | "prefecture";

/** A day that is not like its weekday: with the lessons of weekday `follows` (0 = Monday), or without any. */
export interface TermDayView {
  day: string;
  kind: DayKind;
  follows: number | null;
  note: string;
}

/** `days` null: the public holidays and swapped workdays between the two days, as known. */
export interface TermEdit {
  name: string;
  first_day: string;
  last_day: string;
  rules?: PlanRulesView;
  days?: TermDayView[] | null;
}

/**
 * `undecided` are swapped workdays of which nobody has said which weekday's lessons they have;
 * `holidays_unknown_from` the first day of the term whose public holidays are not announced yet.
 */
export interface TermView {
  id: string;
  region_id: string;
  name: string;
  first_day: string;
  last_day: string;
  weeks: number;
  rules: PlanRulesView;
  days: TermDayView[];
  undecided: string[];
  holidays_unknown_from: string | null;
}

export interface TermsView {
  terms: TermView[];
}

/** A token for a third-party publisher or player; `source` is needed to publish. */
export interface TokenRequest {
  kind: "join" | "publish";
  source?: string | null;
}

export interface TokenView {
  token: string;
  lesson_id: string;
  expires_at: string;
}

export type Topology = "1+N" | "N+N";

/**
 * One picture or sound in one codec; `url` is of its HLS playlist. A source's sound may come in several codecs.
 *
 * `offset_s`: recording time at the playlist's own zero.
 */
export interface TrackView {
  key: string;
  name: string;
  kind: "audio" | "video";
  codec: string;
  url: string;
  width: number;
  height: number;
  offset_s: number;
  end_s: number;
  holes: HoleView[];
}

/** Somebody watching, as the server measures it. */
export interface ViewerView {
  id: string;
  name: string;
  quality: "good" | "fair" | "poor" | "audio_only" | "lost";
  loss_percent: number;
  rtt_ms: number | null;
  encoding: string | null;
  since: string;
}

/** One receiving media section of an offer: which source's sound or picture it shall carry. */
export interface WantedTrack {
  mid: string;
  source: string;
  kind: "audio" | "video";
}

/** Send `lesson` now and whenever it changes. */
export interface WatchLesson {
  type: "watch_lesson";
  id: number;
  lesson_id: string;
}

/** Send `lessons` of one day now and whenever one changes; `room_id` narrows to a room. */
export interface WatchLessons {
  type: "watch_lessons";
  id: number;
  day: string;
  room_id?: string | null;
}

/** Send `room`, `room_preview` and `room_levels`. */
export interface WatchRoom {
  type: "watch_room";
  id: number;
  room_id: string;
}

/** Everything the player page needs. `running`: the lesson goes on, and the tracks grow. */
export interface WatchView {
  recording_id: string;
  title: string;
  subject: string;
  teacher_name: string;
  school_name: string;
  lesson_code: string | null;
  began_at: string;
  running: boolean;
  duration_s: number;
  tracks: TrackView[];
  chapters: ChapterView[];
  captions: CaptionsView[];
  poster: string | null;
  sheet: SheetView | null;
  waveform: string | null;
  movie: string | null;
  extras: ExtrasView | null;
}

/** Loudness, 0 to 255, `per_second` of them from the recording's beginning. */
export interface WaveformView {
  per_second: number;
  peaks: number[];
}

export interface Welcome {
  type: "welcome";
  client_id: string;
  name: string;
  roles: Role[];
  server_time: string;
}

export type ClientMessage =
  | Hello
  | WatchLesson
  | WatchLessons
  | WatchRoom
  | MediaOffer
  | MediaPrefer
  | MediaClose
  | Ping
  | AgentState
  | AgentPreview
  | AgentLevels;

export type ServerMessage =
  | Welcome
  | LessonChanged
  | LessonList
  | RoomChanged
  | RoomPreview
  | RoomLevels
  | MediaAnswer
  | MediaTrackState
  | MediaLost
  | AgentLesson
  | AgentWatched
  | Pong
  | Failure;
