// Instruments a page from outside. Reads the frame code that room_agent.capture.framecode draws into a picture, from every frame a <video> presents.
// Runs in the page as an init script of the browser under test; it touches nothing the page itself uses.
(() => {
  const BLOCKS = 32, COLUMNS = 64;
  const canvas = new OffscreenCanvas(1, 1);
  const context = canvas.getContext('2d', { willReadFrequently: true });

  /** The counter drawn into the picture, or null when there is none to be read with certainty. */
  function read(video) {
    const width = video.videoWidth, height = video.videoHeight;
    if (!width || !height) return null;
    const columns = Math.ceil(width * BLOCKS / COLUMNS), row = Math.floor(height * 59 / 60);
    if (canvas.width !== columns) canvas.width = columns;
    context.drawImage(video, 0, row, columns, 1, 0, 0, columns, 1);
    const pixels = context.getImageData(0, 0, columns, 1).data;
    const bits = [];
    for (let i = 0; i < BLOCKS; i++) bits.push(pixels[4 * Math.floor((i + 0.5) / COLUMNS * width) + 1] > 127 ? 1 : 0);
    const number = (from, to) => bits.slice(from, to).reduce((sum, bit) => sum * 2 + bit, 0);
    let digits = 5;
    for (let i = 2; i < 26; i += 4) digits += number(i, i + 4);
    const framed = bits[0] === 1 && bits[1] === 0 && bits[30] === 0 && bits[31] === 1;
    return framed && number(26, 30) === digits % 16 ? number(2, 26) : null;
  }

  const watched = new WeakSet();
  const seen = new Map();

  /** Begin to note the counter of every frame this video presents, under the name of its source, else its id. */
  function watch(video) {
    if (watched.has(video)) return;
    watched.add(video);
    const name = video.closest('[data-source]')?.dataset.source ?? video.id;
    if (!seen.has(name)) seen.set(name, []);
    const frames = seen.get(name);
    const note = () => {
      const counter = read(video);
      // The same picture drawn again, after a change of size for example, is no new frame.
      if (counter === null || counter !== frames.at(-1)?.counter) frames.push({ counter, unix_ms: performance.timeOrigin + performance.now(), height: video.videoHeight });
      video.requestVideoFrameCallback(note);
    };
    video.requestVideoFrameCallback(note);
  }

  const observer = new MutationObserver(() => document.querySelectorAll('video').forEach(watch));
  observer.observe(document, { childList: true, subtree: true });
  const connections = [];
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...options) {
      super(...options);
      connections.push(this);
    }
  };

  window.frameCodes = {
    /** What the browser counted of all pictures received: {packetsReceived, retransmittedPacketsReceived, …}. */
    received: async () => {
      const sums = {};
      for (const connection of connections) {
        for (const report of (await connection.getStats()).values()) {
          if (report.type !== 'inbound-rtp' || report.kind !== 'video') continue;
          for (const [key, value] of Object.entries(report)) {
            if (typeof value === 'number') sums[key] = (sums[key] ?? 0) + value;
          }
        }
      }
      return sums;
    },

    /** What videos of this name have presented so far: [{counter, unix_ms, height}]. */
    of: (name) => seen.get(name) ?? [],
  };
})();
