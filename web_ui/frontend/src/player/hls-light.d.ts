// The package says types only of its whole build; the light one has the same names.
declare module "hls.js/light" {
  export * from "hls.js";
  export { default } from "hls.js";
}
