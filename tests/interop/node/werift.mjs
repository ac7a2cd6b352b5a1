// A WHIP publisher or a WHEP player on werift, a WebRTC stack written from scratch in TypeScript.
//   node werift.mjs publish URL TOKEN       sends as its picture the RTP packets that arrive on a UDP port
//   node werift.mjs watch URL TOKEN PORT    passes the picture's RTP packets on to a UDP port
// It says what happens as JSON lines, and ends (DELETE) when its input does.
import dgram from 'node:dgram';
import { MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters } from 'werift';

const [mode, url, token, port] = process.argv.slice(2);
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const feedback = [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }, { type: 'goog-remb' }];
const connection = new RTCPeerConnection({
  codecs: {
    audio: [new RTCRtpCodecParameters({ mimeType: 'audio/opus', clockRate: 48000, channels: 2 })],
    video: [
      new RTCRtpCodecParameters({
        mimeType: 'video/H264',
        clockRate: 90000,
        rtcpFeedback: feedback,
        parameters: 'profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1',
      }),
    ],
  },
});
connection.connectionStateChange.subscribe((state) => say({ state }));
const socket = dgram.createSocket('udp4');

if (mode === 'publish') {
  const track = new MediaStreamTrack({ kind: 'video' });
  const { sender } = connection.addTransceiver(track, { direction: 'sendonly' });
  sender.onPictureLossIndication?.subscribe(() => say({ pli: true }));
  socket.on('message', (packet) => {
    if (connection.connectionState === 'connected') track.writeRtp(packet);
  });
} else {
  connection.addTransceiver('audio', { direction: 'recvonly' });
  connection.addTransceiver('video', { direction: 'recvonly' });
  connection.onTrack.subscribe((track) => {
    say({ track: track.kind });
    if (track.kind === 'video') track.onReceiveRtp.subscribe((rtp) => socket.send(rtp.serialize(), Number(port), '127.0.0.1'));
  });
}
await new Promise((resolve) => socket.bind(0, '127.0.0.1', resolve));

await connection.setLocalDescription(await connection.createOffer());
const authorization = { Authorization: `Bearer ${token}` };
const headers = { ...authorization, 'Content-Type': 'application/sdp' };
const response = await fetch(url, { method: 'POST', headers, body: connection.localDescription.sdp });
const sdp = await response.text();
say({ status: response.status, rtp_port: socket.address().port, offer: connection.localDescription.sdp, sdp });
if (response.status === 201) await connection.setRemoteDescription({ type: 'answer', sdp });

process.stdin.resume();
process.stdin.on('end', async () => {
  const resource = new URL(response.headers.get('location') ?? '', url);
  const ended = await fetch(resource, { method: 'DELETE', headers: authorization });
  say({ deleted: ended.status });
  await connection.close();
  process.exit(0);
});
