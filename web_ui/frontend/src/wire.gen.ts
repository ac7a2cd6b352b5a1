// Written by `python -m web_ui.typescript` from classroom/messages; do not edit.

/** Take the steps of these groups (null: of all) of the proposal with this digest; losses are losses either way. */
export interface Accept {
  digest: string;
  groups?: number[] | null;
}

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

/** A class that takes part in a course. */
export interface AttendingView {
  need_id: string;
  class_id: string;
  class_name: string;
  school_id: string;
  school_name: string;
}

/** Who may watch once it is published; each includes the ones before. */
export type Audience = "school" | "county" | "city" | "public";

export interface BookCoverageView {
  textbook: TextbookView;
  points: number;
  covered: number;
}

/** `nodes` is the whole tree, `points` the coverage of its knowledge points. */
export interface BookMatrixView {
  textbook: TextbookView;
  nodes: NodeView[];
  points: PointCoverageView[];
}

export interface BookingClassView {
  id: string;
  name: string;
  grade: number;
}

/** What the coordinator of a school needs to ask: its classes, the terms that are not over, what it has asked. */
export interface BookingDeskView {
  school_name: string;
  terms: BookingTermView[];
  classes: BookingClassView[];
  subjects: string[];
  bookings: BookingView[];
}

/**
 * A lesson that could be given beside all others; or one that takes place and has room (`lesson_id`), with the
 * names of those who attend it already.
 */
export interface BookingOption {
  lesson_id: string | null;
  others: string[];
  teacher_id: string;
  teacher_name: string;
  school_name: string;
  starts_at: string;
}

export interface BookingOptionsView {
  options: BookingOption[];
}

/** How a request for a lesson stands. */
export type BookingState = "asked" | "approved" | "refused" | "withdrawn";

export interface BookingTermView {
  id: string;
  name: string;
  first_day: string;
  last_day: string;
}

/**
 * `starts_at` and `teacher_name` of the lesson that came of it, which others attend as well if it was `joined`;
 * `answer` is the coordinator's.
 */
export interface BookingView {
  id: string;
  class_id: string;
  class_name: string;
  school_name: string;
  grade: number;
  subject: string;
  wish: string;
  first_day: string;
  last_day: string;
  state: BookingState;
  asked_at: string;
  answer: string;
  lesson_id: string | null;
  starts_at: string | null;
  teacher_name: string | null;
  joined: boolean;
}

export interface BookingsView {
  bookings: BookingView[];
}

/** One deed for many recordings; each succeeds or fails by itself. `level` for promote, `tag` for tag. */
export interface BulkOrder {
  ids: string[];
  deed: "submit" | "approve" | "return" | "publish" | "withdraw" | "retire" | "trash" | "restore" | "promote" | "tag";
  reason?: string;
  level?: CollectionLevel | null;
  tag?: string | null;
}

/** `problem` None: done. */
export interface BulkResult {
  id: string;
  title: string;
  problem: string | null;
  remedy: string | null;
}

export interface BulkView {
  results: BulkResult[];
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

export interface CirculationOrder {
  audience: Audience;
  downloads: Downloads;
  embed: boolean;
}

/** A lesson without a free room, or whose teacher is in `other` at the time. */
export interface ClashView {
  title: string;
  starts_at: string;
  teacher_name: string;
  other: string;
  teacher: boolean;
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

/** 市级优质精品, 县区本地特色, 学校校本原创: the collection a recording belongs to. It is promoted step by step. */
export type CollectionLevel = "school" | "county" | "city";

/** What is different; courses that are the same in both are only counted. */
export interface ComparisonView {
  before: ProposalHead;
  after: ProposalHead;
  same: number;
  changes: CourseChange[];
}

/** Of the guardians of the children who can be recognised (《个人信息保护法》 第三十一条). */
export type Consent = "unknown" | "school" | "given" | "not_needed" | "withdrawn";

export interface ConsentOrder {
  consent: Consent;
  note?: string;
}

/** A course in both proposals, in one, or in the other. */
export interface CourseChange {
  before: CourseView | null;
  after: CourseView | null;
}

export interface CourseView {
  key: string;
  teacher_id: string;
  teacher_name: string;
  school_id: string;
  subject: string;
  grade: number;
  edition: string;
  attending: AttendingView[];
  lessons: [number, number][];
  pinned: boolean;
  weeks: Weeks;
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

export interface CriterionView {
  key: string;
  name: string;
  weight: number;
}

export interface CueView {
  language: string;
  begin_ms: number;
  end_ms: number;
  text: string;
}

export interface CuesView {
  cues: CueView[];
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

/** One of the options, or (`teacher_id` and `starts_at` null) no; `answer` tells the school more. */
export interface DecideBooking {
  lesson_id?: string | null;
  teacher_id?: string | null;
  starts_at?: string | null;
  answer?: string;
}

/** Who of the audience may also take the file away. */
export type Downloads = "nobody" | "teachers" | "audience";

export interface DueListView {
  due: DueView[];
}

export interface DueView {
  recording_id: string;
  title: string;
  school_name: string;
  rule_name: string;
  action: RetentionAction;
  since: string;
  held: string | null;
}

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

/** What of a catalogue entry shall change; what is left out stays as it is. */
export interface EntryEdit {
  title?: string | null;
  subject?: string;
  grade?: number | null;
  textbook_id?: string | null;
  knowledge?: string[] | null;
  teacher_name?: string;
  mode?: LessonMode | null;
  lesson_type?: LessonType;
  description?: string;
  language?: string;
  tags?: string[] | null;
  authors?: string[];
  rights_holder?: string;
  licence?: Licence;
}

/** A catalogue entry. `knowledge` are ids of knowledge points. */
export interface EntryView {
  recording_id: string;
  subject: string;
  grade: number | null;
  textbook_id: string | null;
  knowledge: string[];
  teacher_id: string | null;
  teacher_name: string;
  partners: string[];
  mode: LessonMode | null;
  lesson_type: LessonType;
  description: string;
  language: string;
  tags: string[];
  authors: string[];
  rights_holder: string;
  licence: Licence;
  level: CollectionLevel;
  audience: Audience;
  downloads: Downloads;
  embed: boolean;
  consent: Consent;
  consent_note: string;
  hold_reason: string | null;
  views: number;
  downloaded: number;
  published_at: string | null;
  retired_at: string | null;
  retired_reason: string | null;
  changed_at: string;
}

export interface ExpertsOrder {
  account_ids: string[];
}

/** Export what a search finds (as the query of `GET …/recordings`), or these recordings. */
export interface ExportOrder {
  ids?: string[] | null;
  query?: Record<string, string[]>;
  media?: boolean;
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

/** Whose lessons a calendar feed has. */
export type FeedKind = "teacher" | "room" | "school";

/** `path` is only shown once, when the feed is made: whoever knows it reads the calendar. */
export interface FeedView {
  id: string;
  kind: FeedKind;
  subject_id: string;
  name: string;
  created_at: string;
  path: string | null;
}

export interface FeedsView {
  feeds: FeedView[];
}

/** `facets`: how many there would be with each value of each facet; `schools`: names by id. */
export interface FoundView {
  total: number;
  hits: HitView[];
  facets: Record<string, Record<string, number>>;
  schools: Record<string, string>;
}

export interface HappeningView {
  at: string;
  action: string;
  name: string;
  details: Record<string, string | number | boolean | string[] | null>;
  reason: string;
}

export interface Hello {
  type: "hello";
  token?: string | null;
  language?: "zh-CN" | "en";
}

export interface HistoryView {
  happenings: HappeningView[];
  uses: UseView[];
}

/** A line of a list of recordings. */
export interface HitView {
  recording_id: string;
  title: string;
  state: RecordingState;
  trashed: boolean;
  began_at: string;
  duration_s: number;
  school_id: string;
  school_name: string;
  subject: string;
  grade: number | null;
  teacher_name: string;
  level: CollectionLevel;
  consent: Consent;
  held: boolean;
  views: number;
  downloads: number;
}

/** `reason` None releases it. */
export interface HoldOrder {
  reason: string | null;
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

/** A file of an uploaded library; all of it is here when `whole`. */
export interface ImportFileView {
  name: string;
  size_bytes: number;
  received_bytes: number;
  whole: boolean;
}

/**
 * A directory of the server's import directory, with the tables in it. `uploaded`: one brought it through the
 * page; then `files` are all that is there or on its way.
 */
export interface ImportFolderView {
  name: string;
  tables: string[];
  uploaded: boolean;
  files: ImportFileView[];
}

/** Import from `folder`, a directory below the server's import directory, what `sheet` in it describes. */
export interface ImportOrder {
  folder: string;
  sheet: string;
  dry_run: boolean;
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

export interface ImportsView {
  folders: ImportFolderView[];
}

/** A recording with its entry and tracks. `may` names what whoever asks may do with it. */
export interface ItemView {
  hit: HitView;
  entry: EntryView;
  tracks: TrackStateView[];
  may: string[];
}

export type JobKind = "export" | "import" | "transcript" | "nomination";

/** What is wrong with one recording of many; the others were exported. */
export interface JobProblemView {
  id: string;
  title: string;
  problem: string;
  remedy: string;
}

export type JobState = "waiting" | "running" | "done" | "failed" | "cancelled";

/**
 * `done` of `total` bytes. `recordings`: how many are in the package, or were imported; `size_bytes` of the
 * package, 0 without one. `name`: of the folder an import is of; `nomination`, `recording`: whose papers or
 * transcript it is.
 * `problem` and `remedy` if it failed.
 */
export interface JobView {
  id: string;
  kind: JobKind;
  state: JobState;
  made_by_name: string;
  made_at: string;
  ended_at: string | null;
  done: number;
  total: number;
  recordings: number;
  size_bytes: number;
  name: string;
  nomination: string | null;
  recording: string | null;
  problems: JobProblemView[];
  report: ReportView | null;
  problem: string | null;
  remedy: string | null;
}

export interface JobsView {
  jobs: JobView[];
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

/** `scores` from 0 to 100 for every criterion of the rubric. */
export interface JudgementOrder {
  scores: Record<string, number>;
  recommends: boolean;
  comment?: string;
}

export interface KeptRegionView {
  id: string;
  name: string;
}

export interface KeptRegionsView {
  regions: KeptRegionView[];
}

export interface KnowledgeCoverageView {
  books: BookCoverageView[];
}

/** The levels of a textbook's tree. */
export type KnowledgeKind = "unit" | "section" | "point";

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

/** The rooms in which a lesson of the week would be given, the usual one first; an empty id: in none. */
export interface LessonRoomsView {
  course: string;
  lesson: number;
  rooms: string[];
}

export type LessonState = "planned" | "ready" | "live" | "interrupted" | "ended" | "archived" | "cancelled";

/** 课型: what kind of lesson was taught. `LessonMode` says in which of the three classrooms it was held. */
export type LessonType = "new" | "practice" | "review" | "feedback" | "experiment" | "activity" | "micro" | "research";

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

/** What whoever has it may do with it. The Creative Commons ones are version 4.0. */
export type Licence = "reserved" | "teaching" | "cc-by" | "cc-by-sa" | "cc-by-nc" | "cc-by-nc-sa" | "cc-by-nc-nd";

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

/** Move a lesson of a course (by its number, from 0), add one (`lesson` null), or take it away (`to` null). */
export interface MoveLesson {
  kind: "move";
  course: string;
  lesson: number | null;
  to: [number, number] | null;
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

/** A class wants one lesson of a subject between two days; `wish` in its own words. */
export interface NewBooking {
  class_id: string;
  subject: string;
  wish?: string;
  first_day: string;
  last_day: string;
}

export interface NewClass {
  school_id: string;
  group: ClassEdit;
}

/** A calendar feed of a teacher (an account), a room or a school. */
export interface NewFeed {
  kind: FeedKind;
  subject_id: string;
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

/** A copy of another proposal, of a published version, or an empty one. */
export interface NewProposal {
  name: string;
  copy_of?: string | null;
  version?: number | null;
}

export interface NewRoom {
  code: string;
  name: string;
  kind: RoomKind;
  school_id: string;
}

/** Solve for so many seconds. `start_id`: begin with that proposal; its pinned courses stay as they are. */
export interface NewRun {
  seconds?: number;
  workers?: number;
  seed?: number;
  start_id?: string | null;
  name?: string | null;
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

export interface NodeView {
  id: string;
  parent_id: string | null;
  kind: KnowledgeKind;
  code: string;
  name: string;
}

export interface NominationOrder {
  activity: string;
  year: number;
  level: CollectionLevel;
  statement?: string;
}

export interface NominationView {
  id: string;
  recording_id: string;
  activity: string;
  year: number;
  level: CollectionLevel;
  statement: string;
  made_at: string;
}

export interface NominationsView {
  nominations: NominationView[];
}

/**
 * What happened to a lesson (`created`, `moved`, `cancelled`, `attending`: others attend), or to a request
 * (`refused`); times in ISO 8601.
 */
export interface NoticeChange {
  what: string;
  title: string;
  before: string | null;
  after: string | null;
}

/** What somebody is told. */
export type NoticeKind = "timetable" | "booking";

/** Something one should know: a publication has changed one's lessons. `changes` are the first of them. */
export interface NoticeView {
  id: string;
  kind: NoticeKind;
  term: string;
  version: number;
  created: number;
  moved: number;
  cancelled: number;
  changes: NoticeChange[];
  created_at: string;
  read_at: string | null;
}

export interface NoticesView {
  notices: NoticeView[];
}

/**
 * Somebody or something is not there: a teacher (account), or a school's whole, line or `rooms` of its rooms. Day 0
 * is the Monday of the week; minutes after midnight.
 */
export interface OutageEdit {
  kind: "teacher" | "school" | "room" | "line";
  id: string;
  day: number;
  start_min?: number;
  end_min?: number;
  rooms?: number;
}

/** What the class's own school can give it of a subject it cannot give in full. */
export interface OwnTeachingView {
  subject: string;
  lessons: number;
}

/** A strong school helps another one for a term; `lessons` a week is the goal. */
export interface PairingEdit {
  strong_id: string;
  helped_id: string;
  lessons: number;
  goal?: string;
  signed_on?: string | null;
}

/** `id` null: nobody has signed anything, the timetable pairs them. `planned` and `held` lessons of the term. */
export interface PairingView {
  id: string | null;
  strong_id: string;
  helped_id: string;
  lessons: number;
  goal: string;
  signed_on: string | null;
  planned: number;
  held: number;
}

export interface PairingsView {
  pairings: PairingView[];
}

export interface PeopleView {
  people: PersonView[];
}

export interface PersonView {
  id: string;
  name: string;
  school_name: string;
}

/** Pinned courses stay as they are, for people and for the solver. */
export interface PinCourses {
  kind: "pin";
  courses: string[];
  pinned: boolean;
}

/** Keeps the socket alive through proxies and measures the round trip. */
export interface Ping {
  type: "ping";
  id: number;
}

export interface PlanRoomView {
  id: string;
  name: string;
  school_name: string;
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

/** A dated lesson as the print view and the calendar show it. */
export interface PlannedLessonView {
  id: string;
  code: string;
  title: string;
  subject: string;
  grade: number;
  state: LessonState;
  teacher_name: string;
  school_name: string;
  room_name: string;
  points: string[];
  starts_at: string;
  ends_at: string;
}

export interface PlannedLessonsView {
  lessons: PlannedLessonView[];
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

export interface PointCoverageView {
  id: string;
  published: Record<string, number>;
  under_way: number;
  gap: boolean;
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

export interface PromotionOrder {
  level: CollectionLevel;
}

/** One change to a proposal; refused when it is not at `revision` any more. */
export interface ProposalEdit {
  revision: number;
  edit: MoveLesson | PinCourses | SetWeeks | RemoveCourse | Undo | Redo;
}

/** A proposal without its courses; `bound` is what no plan can exceed, where a run has found out. */
export interface ProposalHead {
  id: string;
  term_id: string;
  name: string;
  coverage: number;
  wanted: number;
  bound: number | null;
  revision: number;
  undo: number;
  redo: number;
  run_id: string | null;
  copied_from: string | null;
  created_at: string;
  changed_at: string;
}

/** The rooms that lessons get when the proposal is published. A lesson without any comes to pass no more. */
export interface ProposalRoomsView {
  rooms: PlanRoomView[];
  lessons: LessonRoomsView[];
}

/** `broken`: rules it breaks as things are now. `gone`: courses left out because teacher or needs are no more. */
export interface ProposalView {
  head: ProposalHead;
  courses: CourseView[];
  broken: ReasonView[];
  gone: number;
}

export interface ProposalsView {
  proposals: ProposalHead[];
}

/** `version` null: nothing had to be done, or it was a dry run. */
export interface PublicationView {
  version: number | null;
  created: number;
  moved: number;
  cancelled: number;
  kept: number;
  clashes: ClashView[];
}

/** Make the lessons of the term from `from_day` on (today, if null) those of the proposal. */
export interface Publish {
  from_day?: string | null;
  dry_run?: boolean;
  with_clashes?: boolean;
}

export interface RatingOrder {
  stars: number;
  comment?: string;
}

/** Why something is not so, in the caller's language; `remedy` what would change it, where that is known. */
export interface ReasonView {
  code: string;
  message: string;
  remedy: string | null;
}

export type RecordingState = "capturing" | "complete" | "submitted" | "approved" | "returned" | "published" | "retired";

export interface Redo {
  kind: "redo";
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

export interface RemarkOrder {
  at_s: number;
  text: string;
}

export interface RemarkView {
  id: string;
  account_id: string;
  name: string;
  at_s: number;
  text: string;
  made_at: string;
}

export interface RemarksView {
  remarks: RemarkView[];
}

export interface RemoveCourse {
  kind: "remove";
  course: string;
}

/** What to do about outages in the week of `week_of`; `moves`: how many other lessons may change for it. */
export interface Replan {
  week_of: string;
  outages: OutageEdit[];
  moves?: number;
  accept?: Accept | null;
}

/** One change, in words; those of one group need each other. Group 0: lost, and nothing is proposed for it. */
export interface ReplanChange {
  group: number;
  code: string;
  message: string;
}

/** `lost` lessons of classes, `gone` of them without a proposal; `proved`: no proposal covers more. */
export interface ReplanView {
  digest: string;
  lost: number;
  gone: number;
  proved: boolean;
  changes: ReplanChange[];
  applied: boolean;
}

/** What an import did (`dry_run`: would do); nothing of it when there are problems. */
export interface ReportView {
  dry_run: boolean;
  added: number;
  changed: number;
  same: number;
  problems: RowProblemView[];
}

export type RetentionAction = "trash" | "retire" | "purge";

/** `id` of the rule to change; None adds one. */
export interface RetentionRuleOrder {
  id?: string | null;
  name: string;
  region_id?: string | null;
  states: RetentionState[];
  levels?: CollectionLevel[];
  keep_days: number;
  enabled?: boolean;
}

export interface RetentionRuleView {
  id: string;
  name: string;
  region_id: string | null;
  states: RetentionState[];
  levels: CollectionLevel[];
  keep_days: number;
  enabled: boolean;
}

/** What a retention rule is about; what is captured or being reviewed is never touched. */
export type RetentionState = "complete" | "returned" | "approved" | "published" | "retired" | "trashed";

/** The rules, what the enabled ones would take now, and what goes from the segment store in the nights after. */
export interface RetentionView {
  rules: RetentionRuleView[];
  due: DueView[];
  unused: UnusedView;
}

export interface ReviewView {
  account_id: string;
  name: string;
  expert: boolean;
  score: number;
  scores: Record<string, number>;
  recommends: boolean | null;
  comment: string;
  at: string;
}

/** Of the present submission; means are None without a review. `waiting`: experts who have not judged. */
export interface ReviewsView {
  teachers: ReviewView[];
  experts: ReviewView[];
  teachers_mean: number | null;
  experts_mean: number | null;
  asked: PersonView[];
  waiting: number;
}

export type Role = "teacher" | "student" | "coordinator" | "archivist" | "supervisor" | "admin" | "device";

export interface RoomChanged {
  type: "room";
  id: number | null;
  room: RoomView;
}

/** A room's code stays: its device signs in with it. */
export interface RoomEdit {
  name: string;
  kind: RoomKind;
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

/** What is wrong with a row of a table somebody brought, in the reader's language. */
export interface RowProblemView {
  row: number;
  column: string;
  value: string;
  message: string;
  remedy: string;
}

export interface RubricView {
  criteria: CriterionView[];
}

export interface RunChanged {
  type: "run";
  id: number | null;
  run: RunView;
}

/** After so many seconds: lessons given by the best plan, what no plan can exceed, and what the plan costs. */
export interface RunPointView {
  seconds: number;
  coverage: number;
  bound: number;
  cost: number;
}

/** How far a run of the solver is. */
export type RunState = "waiting" | "running" | "done" | "cancelled" | "failed";

/** A run of the solver; `points` is its chart. `problem` says what went wrong, in the caller's language. */
export interface RunView {
  id: string;
  term_id: string;
  state: RunState;
  seconds: number;
  seed: number;
  start_id: string | null;
  points: RunPointView[];
  proposal_id: string | null;
  problem: ReasonView | null;
  created_at: string;
  ended_at: string | null;
}

export interface RunsView {
  runs: RunView[];
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

/** In which weeks a course is given. */
export interface SetWeeks {
  kind: "weeks";
  course: string;
  weeks: Weeks;
}

export interface ShareOrder {
  expires_at: string;
  download?: boolean;
  note?: string;
}

/** `token` only in the answer that made it; a link is `/watch/{recording}?share={token}`. */
export interface ShareView {
  id: string;
  recording_id: string;
  download: boolean;
  note: string;
  made_at: string;
  expires_at: string;
  revoked_at: string | null;
  uses: number;
  token: string | null;
}

export interface SharesView {
  shares: ShareView[];
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

/** `reason` is needed to return and to retire. */
export interface StepOrder {
  step: "submit" | "approve" | "return" | "publish" | "withdraw" | "retire";
  reason?: string;
}

/** `edition_free`: any teacher of the subject can teach it, whatever the textbook. */
export interface SubjectView {
  name: string;
  edition_free: boolean;
}

/** A start, and which of the reasons speak against it; none: the lesson may stand there. */
export interface TargetView {
  start: [number, number];
  reasons: number[];
}

/** Where a lesson could be. `reasons` in the caller's language; targets name them by their number. */
export interface TargetsView {
  reasons: ReasonView[];
  targets: TargetView[];
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

export interface TextbookView {
  id: string;
  subject: string;
  grade: number;
  edition: string;
  volume: string;
}

export interface TextbooksView {
  textbooks: TextbookView[];
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

export type TrackKind = "video" | "audio";

export type TrackOrigin = "agent" | "server" | "import";

/**
 * A track and how much of it the segment store has; `expected` None: more may come; `given_up`: no more does.
 *
 * `lost`: from when to when (seconds) nothing of it can be shown, the first ones.
 */
export interface TrackStateView {
  name: string;
  kind: TrackKind;
  origin: TrackOrigin;
  codec: string;
  width: number;
  height: number;
  channels: number;
  duration_s: number;
  size_bytes: number;
  segments: number;
  expected: number | null;
  stored: number;
  damaged: number;
  given_up: boolean;
  lost: [number, number][];
}

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

/** Have the installed recogniser write the transcript; without `language`, in the recording's. */
export interface TranscriptOrder {
  recording_id: string;
  language?: string | null;
}

export interface TranscriptView {
  language: string;
  recogniser: string | null;
  made_at: string;
}

export interface TranscriptsView {
  transcripts: TranscriptView[];
  recogniser: string | null;
}

export interface TreeView {
  textbook: TextbookView;
  nodes: NodeView[];
}

/** A need that is not given in full, why, and which single changes would help: each was tried out and solved. */
export interface UncoveredView {
  need_id: string;
  class_name: string;
  school_id: string;
  school_name: string;
  subject: string;
  missing: number;
  reasons: ReasonView[];
}

export interface UncoveredsView {
  uncovered: UncoveredView[];
}

export interface Undo {
  kind: "undo";
}

/** What the segment store holds and no manifest names any more. */
export interface UnusedView {
  segments: number;
  size_bytes: number;
}

export interface UseView {
  day: string;
  views: number;
  downloads: number;
}

export interface VersionView {
  number: number;
  proposal_id: string | null;
  from_day: string;
  created: number;
  moved: number;
  cancelled: number;
  published_at: string;
}

export interface VersionsView {
  versions: VersionView[];
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

/** Send `run`, a run of the solver, now and whenever it goes on. */
export interface WatchRun {
  type: "watch_run";
  id: number;
  run_id: string;
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

/** In which weeks of the term a weekly lesson is given; the week of the first day is week 1. */
export type Weeks = "all" | "odd" | "even";

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
  | WatchRun
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
  | RunChanged
  | MediaAnswer
  | MediaTrackState
  | MediaLost
  | AgentLesson
  | AgentWatched
  | Pong
  | Failure;
