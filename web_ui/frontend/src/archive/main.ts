import { createApp } from "vue";
import { archiveEn, archiveZh } from "../locales/archive";
import { archiveItemEn, archiveItemZh } from "../locales/archiveItem";
import { commonEn, commonZh } from "../locales/common";
import { playerEn, playerZh } from "../locales/player";
import { shelfEn, shelfZh } from "../locales/shelf";
import { richText } from "../shared/i18n";
import { provideText } from "../shared/text";
import "../ui/base.css";
import "../ui/sheet.css";
import "../shelf/shelf.css";
import "./archive.css";
import ArchivePage from "./ArchivePage.vue";

const app = createApp(ArchivePage);
const catalogs = {
  "zh-CN": { ...commonZh, player: playerZh, shelf: shelfZh, archive: { ...archiveZh, ...archiveItemZh } },
  en: { ...commonEn, player: playerEn, shelf: shelfEn, archive: { ...archiveEn, ...archiveItemEn } },
};
provideText(app, richText(app, catalogs));
app.mount("#app");
