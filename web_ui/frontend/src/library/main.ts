import { createApp } from "vue";
import { commonEn, commonZh } from "../locales/common";
import { libraryEn, libraryZh } from "../locales/library";
import { shelfEn, shelfZh } from "../locales/shelf";
import { richText } from "../shared/i18n";
import { provideText } from "../shared/text";
import "../ui/base.css";
import "../shelf/shelf.css";
import "./library.css";
import LibraryPage from "./LibraryPage.vue";

const app = createApp(LibraryPage);
const catalogs = {
  "zh-CN": { ...commonZh, shelf: shelfZh, library: libraryZh },
  en: { ...commonEn, shelf: shelfEn, library: libraryEn },
};
provideText(app, richText(app, catalogs));
app.mount("#app");
