/* The egress loop in C: the twin of `egress.DownlinkWriter.write` and `udp.UdpPort`, called once for a burst.

   For every entry (one subscriber's stream) each packet gets its RTP header, is protected with AES-GCM (RFC 7714), and as
   many as have equal sizes leave in one sendmsg with UDP_SEGMENT. OpenSSL's functions are given by the caller, so nothing
   but libc is linked. No memory is allocated and nothing is kept between calls. */

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum {
    HEADER_BYTES = 12,
    STAMPED_BYTES = 20, /* with a one-byte-header extension (RFC 8285) of one word */
    TAG_BYTES = 16,
    MAX_SEGMENTS = 60, /* the kernel takes 64 */
    MAX_BATCH_BYTES = 62000,
    SOL_UDP_LEVEL = 17,
    UDP_SEGMENT_OPTION = 103, /* linux/udp.h */
    EVP_GET_TAG = 0x10        /* openssl/evp.h: EVP_CTRL_AEAD_GET_TAG */
};

typedef struct {
    int (*init)(void *context, const void *cipher, void *engine, const uint8_t *key, const uint8_t *iv);
    int (*update)(void *context, uint8_t *out, int *written, const uint8_t *in, int size);
    int (*final)(void *context, uint8_t *out, int *written);
    int (*control)(void *context, int command, int size, void *data);
} crypto_t;

typedef struct {
    const uint8_t *payload;
    uint64_t index;     /* RFC 3711's, of the source */
    uint64_t timestamp; /* extended, of the source */
    uint32_t size;
    uint32_t marker; /* 0x80 or 0 */
} packet_t;

typedef struct {
    void *cipher; /* an EVP_CIPHER_CTX that has its key */
    uint8_t salt[12];
    uint32_t ssrc;
    uint32_t payload_type;
    uint32_t stamp_id; /* of abs-send-time; 0 for none */
} stream_t;

typedef struct {
    const stream_t *stream;
    const struct sockaddr *address;
    int64_t index_offset;
    int64_t timestamp_offset;
    uint32_t address_bytes;
    uint32_t first; /* of the packets */
    uint32_t count; /* 0 for all packets there are */
    uint32_t reserved;
} entry_t;

typedef struct {
    uint64_t sent;
    uint64_t sent_bytes;
    uint64_t unreachable;
    uint32_t entry;  /* where it ended: everything before this entry is dealt with, */
    uint32_t packet; /* and of this entry, everything before this packet */
    int32_t error;   /* errno that made it end early: EAGAIN, or one that forbids segmentation; 0 at the end */
    uint32_t reserved;
} result_t;

static uint8_t *put16(uint8_t *at, uint32_t value) {
    at[0] = value >> 8, at[1] = value;
    return at + 2;
}

static uint8_t *put32(uint8_t *at, uint32_t value) { return put16(put16(at, value >> 16), value); }

/* Writes one protected packet; returns its size, 0 when OpenSSL refuses. */
static uint32_t protect(const crypto_t *crypto, const stream_t *stream, const packet_t *packet, uint64_t index,
                        uint32_t timestamp, uint32_t stamp, uint8_t *out) {
    uint8_t iv[12], *at = out;
    uint32_t header = stream->stamp_id ? STAMPED_BYTES : HEADER_BYTES;
    int written;

    *at++ = stream->stamp_id ? 0x90 : 0x80;
    *at++ = packet->marker | stream->payload_type;
    at = put32(put32(put16(at, index), timestamp), stream->ssrc);
    if (stream->stamp_id)
        put32(put32(at, 0xBEDE0001), (stream->stamp_id << 4 | 2) << 24 | stamp);

    /* RFC 7714 section 8.1: two zero bytes, SSRC, 48 bits of index, all exclusive-or the salt */
    put16(iv, 0);
    put32(put16(put32(iv + 2, stream->ssrc), index >> 32), index);
    for (int n = 0; n < 12; n++)
        iv[n] ^= stream->salt[n];

    if (!crypto->init(stream->cipher, NULL, NULL, NULL, iv) ||
        !crypto->update(stream->cipher, NULL, &written, out, header) ||
        !crypto->update(stream->cipher, out + header, &written, packet->payload, packet->size) ||
        !crypto->final(stream->cipher, out + header + packet->size, &written) ||
        !crypto->control(stream->cipher, EVP_GET_TAG, TAG_BYTES, out + header + packet->size))
        return 0;
    return header + packet->size + TAG_BYTES;
}

static ssize_t transmit(int fd, const entry_t *entry, uint8_t *data, uint32_t bytes, uint16_t segment) {
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(uint16_t))];
    } control;
    struct iovec vector = {data, bytes};
    struct msghdr message = {
        .msg_name = (void *)entry->address, .msg_namelen = entry->address_bytes, .msg_iov = &vector, .msg_iovlen = 1};

    if (segment < bytes) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.space, message.msg_controllen = sizeof control.space;
        control.header.cmsg_level = SOL_UDP_LEVEL, control.header.cmsg_type = UDP_SEGMENT_OPTION;
        control.header.cmsg_len = CMSG_LEN(sizeof segment);
        memcpy(CMSG_DATA(&control.header), &segment, sizeof segment);
    }
    ssize_t sent;
    do
        sent = sendmsg(fd, &message, MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent;
}

/* Sends all entries; ends early, saying where, when the socket is full or segmentation is refused.
   `scratch` holds at least 64 kB and one packet more; no packet is larger than 2,100 bytes. */
void egress_burst(int fd, const crypto_t *crypto, const packet_t *packets, uint32_t packet_count, const entry_t *entries,
                 uint32_t entry_count, uint32_t stamp, int segmentation, uint8_t *scratch, result_t *result) {
    for (uint32_t number = 0; number < entry_count; number++) {
        const entry_t *entry = &entries[number];
        uint32_t count = entry->count ? entry->count : packet_count;
        uint32_t done = 0, ready = 0; /* packets of this entry that left; that are in `scratch`, from its begin */
        uint32_t next = 0;            /* size of the packet behind those ready, when it is there already */

        while (done < count) {
            uint32_t size = next, bytes = 0, segment = 0;

            /* Fill with packets of one size; a shorter one may end it, another one waits behind it. */
            for (next = 0, ready = 0; done + ready < count; size = 0) {
                const packet_t *packet = &packets[entry->first + done + ready];
                if (!size)
                    size = protect(crypto, entry->stream, packet, packet->index + entry->index_offset,
                                   packet->timestamp + entry->timestamp_offset, stamp, scratch + bytes);
                if (!size) {
                    result->entry = number, result->packet = done, result->error = EIO;
                    return;
                }
                if (ready && (size > segment || !segmentation || ready == MAX_SEGMENTS || bytes + size > MAX_BATCH_BYTES)) {
                    next = size;
                    break;
                }
                if (!ready)
                    segment = size;
                bytes += size, ready++;
                if (size < segment)
                    break;
            }
            if (transmit(fd, entry, scratch, bytes, segment) >= 0) {
                result->sent += ready, result->sent_bytes += bytes;
            } else if (errno == EAGAIN || errno == EWOULDBLOCK ||
                       (ready > 1 && (errno == EIO || errno == EINVAL || errno == EOPNOTSUPP || errno == EMSGSIZE))) {
                result->entry = number, result->packet = done, result->error = errno;
                return;
            } else {
                result->unreachable += ready;
            }
            done += ready;
            if (next)
                memmove(scratch, scratch + bytes, next);
        }
    }
    result->entry = entry_count, result->packet = 0, result->error = 0;
}
