/* SPDX-License-Identifier: MIT */
#include "net/carrier.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

#include "base/err.h"
#include "base/fifo.h"
#include "base/guid.h"
#include "base/limits.h"
#include "base/mem.h"
#include "net/http.h"
#include "proto/roh_vc.h"

enum {
    READ_SIZE = 64 << 10,
    BACKLOG = 256 << 10, /* more than this waits in the association, not here */
    OUT_FIRST_MS = 3000, /* how long the IN channel's request waits for the OUT channel's answer */
    LAST_WORDS = 64,     /* reads for what a peer said before it broke our sending */
};

struct om__carrier {
    const struct om__net *net;
    struct om__rpc_target target;

    /* TCP */
    struct om__stream *tcp;
    struct om_fifo tx;
    uint64_t sent, received;

    /* HTTP */
    struct om__roh_vc *vc;
    struct om__http_channel *channels[2]; /* by enum om__roh_channel */
    bool requested[2];
    char path[600];
    char session[OM_GUID_TEXT];

    bool asked; /* since something came last, something was sent that wants an answer */
    uint64_t round_trips;
    uint8_t buf[READ_SIZE];
};

/* TCP */

static om_status tcp_flush(struct om__carrier *w, struct om_error *err)
{
    while (om__fifo_size(&w->tx)) {
        size_t sent;
        om_status st =
            om__stream_send(w->tcp, om__fifo_data(&w->tx), om__fifo_size(&w->tx), &sent, err);

        if (st != OM_OK || !sent)
            return st;
        om__fifo_drop(&w->tx, sent);
        w->sent += sent;
    }
    return OM_OK;
}

static om_status tcp_send(struct om__carrier *w, const uint8_t *pdu, size_t n, struct om_error *err)
{
    return om__fifo_put(&w->tx, pdu, n) ? OM_OK : om__fail_memory(err, "an RPC PDU to send");
}

static om_status tcp_receive(struct om__carrier *w, struct om__rpc_assoc *a, bool *moved,
                             struct om_error *err)
{
    size_t got;
    bool eof;
    om_status st = om__stream_recv(w->tcp, w->buf, sizeof w->buf, &got, &eof, err);

    if (st != OM_OK || (!got && !eof))
        return st;
    *moved = true;
    w->received += got;
    if (eof) {
        om__rpc_assoc_eof(a); /* it knows what was outstanding */
        return OM_OK;
    }
    return om__rpc_assoc_feed(a, w->buf, got, err);
}

static om_status tcp_open(struct om__carrier *w, int64_t deadline, struct om_error *err)
{
    struct om__stream_target t = {.host = w->target.server, .port = w->target.port};

    om__fifo_init(&w->tx, OM_MAX_ROH_QUEUE);
    return om__stream_open(w->net, &t, deadline, &w->tcp, err);
}

/* HTTP */

static om_status http_flush(struct om__carrier *w, enum om__roh_channel ch, struct om_error *err)
{
    size_t n, sent;

    if (!w->requested[ch])
        return OM_OK;
    do {
        const uint8_t *p = om__roh_output(w->vc, ch, &n);
        om_status st = om__http_send(w->channels[ch], p, n, &sent, err);

        if (st != OM_OK)
            return st;
        om__roh_sent(w->vc, ch, sent, om__net_now());
    } while (sent);
    return OM_OK;
}

/* Nothing legal comes on the IN channel but the answer that ends it. */
static om_status http_receive_in(struct om__carrier *w, struct om_error *err)
{
    size_t got;
    bool eof;
    om_status st;

    if (!w->requested[OM_ROH_IN])
        return OM_OK;
    st = om__http_recv(w->channels[OM_ROH_IN], w->buf, sizeof w->buf, &got, &eof, err);
    if (st != OM_OK)
        return st;
    if (eof || om__http_answered(w->channels[OM_ROH_IN]))
        return om__roh_channel_closed(w->vc, OM_ROH_IN, err);
    return OM_OK;
}

/* RPC PDUs up to the association; taking them may leave an acknowledgement to send. */
static om_status http_deliver(struct om__carrier *w, struct om__rpc_assoc *a, struct om_error *err)
{
    const uint8_t *pdu;
    om_status st;
    size_t n;

    while (a && om__roh_next(w->vc, &pdu, &n, &st, err)) {
        st = om__rpc_assoc_feed(a, pdu, n, err);
        if (st != OM_OK)
            return st;
    }
    return a ? st : OM_OK;
}

static om_status http_receive_out(struct om__carrier *w, struct om__rpc_assoc *a, bool *moved,
                                  struct om_error *err)
{
    struct om__http_channel *out = w->channels[OM_ROH_OUT];
    bool answered = om__http_answered(out), eof;
    size_t got;
    om_status st = om__http_recv(out, w->buf, sizeof w->buf, &got, &eof, err);

    if (st == OM_OK && !answered && om__http_answered(out)) {
        *moved = true;
        st = om__roh_responded(w->vc, err);
    }
    if (st == OM_OK && got) {
        *moved = true;
        st = om__roh_feed(w->vc, w->buf, got, err);
    }
    if (st == OM_OK)
        st = http_deliver(w, a, err);
    if (st == OM_OK && eof)
        st = om__roh_channel_closed(w->vc, OM_ROH_OUT, err);
    return st;
}

/*
 * What the OUT channel brings goes first: an answer that has come counts, whatever became of the IN
 * channel since. When the OUT channel ends, the IN channel's answer may say why.
 */
static om_status http_receive(struct om__carrier *w, struct om__rpc_assoc *a, bool *moved,
                              struct om_error *err)
{
    struct om_error out = OM_ERROR_INIT, in = OM_ERROR_INIT, *why = &out;

    if (http_receive_out(w, a, moved, &out) == OM_OK)
        return *moved ? OM_OK : http_receive_in(w, err);
    if (out.cause == OM_CAUSE_CLOSED && http_receive_in(w, &in) != OM_OK &&
        in.layer == OM_LAYER_HTTP)
        why = &in;
    if (err && err->status == OM_OK)
        *err = *why;
    return why->status;
}

/* Both directions */

static om_status flush(struct om__carrier *w, struct om_error *err)
{
    om_status st;

    if (w->tcp)
        return tcp_flush(w, err);
    st = http_flush(w, OM_ROH_OUT, err);
    return st == OM_OK ? http_flush(w, OM_ROH_IN, err) : st;
}

static om_status receive(struct om__carrier *w, struct om__rpc_assoc *a, bool *moved,
                         struct om_error *err)
{
    *moved = false;
    return w->tcp ? tcp_receive(w, a, moved, err) : http_receive(w, a, moved, err);
}

/*
 * A peer that answers early and closes breaks our sending; what it answered says more than that, so
 * it is looked for first.
 */
static om_status flush_or_hear(struct om__carrier *w, struct om__rpc_assoc *a, struct om_error *err)
{
    struct om_error why = OM_ERROR_INIT;
    om_status st = flush(w, &why), heard;
    bool moved = true;

    if (st == OM_OK)
        return OM_OK;
    heard = OM_OK;
    for (unsigned i = 0; i < LAST_WORDS && heard == OM_OK && moved && w->vc; i++)
        heard = receive(w, a, &moved, err);
    if (heard == OM_OK && err && err->status == OM_OK)
        *err = why;
    return heard == OM_OK ? st : heard;
}

static size_t backlog(const struct om__carrier *w)
{
    return w->tcp ? om__fifo_size(&w->tx) : om__roh_backlog(w->vc);
}

om_status om__carrier_push(struct om__carrier *w, struct om__rpc_assoc *a, struct om_error *err)
{
    const uint8_t *pdu;
    om_status st = OM_OK;
    bool pulled;
    size_t n;

    do {
        pulled = false;
        while (st == OM_OK && a && backlog(w) < BACKLOG && om__rpc_assoc_output(a, &pdu, &n)) {
            st = w->tcp ? tcp_send(w, pdu, n, err) : om__roh_send(w->vc, pdu, n, err);
            pulled = w->asked = true;
        }
        if (st == OM_OK)
            st = flush_or_hear(w, a, err);
    } while (st == OM_OK && pulled && backlog(w) < BACKLOG);
    return st;
}

static unsigned poll_set(const struct om__carrier *w, struct pollfd fds[2])
{
    size_t n;

    if (w->tcp) {
        fds[0] = (struct pollfd){.fd = om__stream_fd(w->tcp), .events = POLLIN};
        if (om__fifo_size(&w->tx))
            fds[0].events |= POLLOUT;
        return 1;
    }
    for (unsigned i = 0; i < 2; i++) {
        bool on = w->requested[i];

        fds[i] = (struct pollfd){.fd = on ? om__http_fd(w->channels[i]) : -1, .events = POLLIN};
        om__roh_output(w->vc, (enum om__roh_channel)i, &n);
        if (on && (n || !om__http_head_sent(w->channels[i])))
            fds[i].events |= POLLOUT;
    }
    return 2;
}

/* Waits for the sockets; a ping that falls due meanwhile is not the end of the wait. */
static om_status wait_for(struct om__carrier *w, int64_t deadline, bool *quiet,
                          struct om_error *err)
{
    int64_t ping = w->vc ? om__roh_deadline(w->vc) : INT64_MAX;
    struct pollfd fds[2];
    unsigned n = poll_set(w, fds);

    *quiet = !om__net_wait(fds, n, ping < deadline ? ping : deadline);
    if (*quiet && ping < deadline) {
        *quiet = false;
        return om__roh_tick(w->vc, om__net_now(), err);
    }
    return OM_OK;
}

om_status om__carrier_turn(struct om__carrier *w, struct om__rpc_assoc *a, int64_t deadline,
                           bool *quiet, struct om_error *err)
{
    bool moved = false;
    om_status st = om__carrier_push(w, a, err);

    *quiet = false;
    if (st == OM_OK)
        st = receive(w, a, &moved, err);
    if (moved && w->asked)
        w->round_trips++;
    w->asked = w->asked && !moved;
    if (st == OM_OK && !moved)
        st = wait_for(w, deadline, quiet, err);
    *quiet = *quiet || om__net_now() >= deadline; /* whatever a peer sends meanwhile, without end */
    return st;
}

/* Opening */

static om_status open_channel(struct om__carrier *w, enum om__roh_channel ch, int64_t deadline,
                              struct om_error *err)
{
    const struct om__rpc_target *t = &w->target;
    struct om__http_config c = {.net = w->net,
                                .proxy = t->proxy,
                                .port = t->proxy_port,
                                .tls = t->tls,
                                .ignore_certificate = t->ignore_certificate,
                                .principal_name = t->principal_name,
                                .method = ch == OM_ROH_IN ? "RPC_IN_DATA" : "RPC_OUT_DATA",
                                .path = w->path,
                                .auth = t->http_auth,
                                .identity = t->http_identity,
                                .session = w->session};
    om_status st = om__http_open(&c, deadline, &w->channels[ch], err);

    if (st == OM_OK)
        st = om__http_request(w->channels[ch],
                              ch == OM_ROH_IN ? OM_ROH_CHANNEL_LIFETIME : OM_ROH_OUT_LENGTH, err);
    w->requested[ch] = w->asked = st == OM_OK;
    return st;
}

static om_status new_vc(struct om__carrier *w, struct om_error *err)
{
    struct om__roh_config c;
    om_status st = om__roh_config_init(&c, err);

    if (st != OM_OK)
        return st;
    c.trace = w->net->trace;
    st = om__roh_create(&c, &w->vc, err);
    if (st == OM_OK)
        st = om__roh_requested(w->vc, OM_ROH_OUT, err);
    return st == OM_OK ? om__roh_requested(w->vc, OM_ROH_IN, err) : st;
}

static om_status late(const struct om__carrier *w, struct om_error *err)
{
    if (!om__http_answered(w->channels[OM_ROH_OUT]))
        return om__http_timeout(w->channels[OM_ROH_OUT], err);
    return om__fail(err, MAPI_E_TIMEOUT, OM_LAYER_RTS, OM_CAUSE_TIMEOUT, OM_NATIVE_NONE, 0,
                    "the virtual connection did not open in time; it is in state %s",
                    om__roh_state(w->vc));
}

/*
 * The OUT channel first: its short body lets every server refuse a password at once. Its answer is
 * waited for before the IN channel shows the same password, but not for ever: a proxy may want both
 * channels before it answers. [MS-RPCH] 3.2.2.4.1.2 asks for no order between the channels.
 */
static om_status http_open(struct om__carrier *w, int64_t deadline, struct om_error *err)
{
    int64_t patience = om__net_now() + OUT_FIRST_MS;
    bool quiet = false;
    om_status st = open_channel(w, OM_ROH_OUT, deadline, err);

    if (st == OM_OK)
        st = new_vc(w, err);
    if (patience > deadline)
        patience = deadline;
    while (st == OM_OK && !quiet && !om__http_answered(w->channels[OM_ROH_OUT]))
        st = om__carrier_turn(w, NULL, patience, &quiet, err);
    if (st == OM_OK)
        st = open_channel(w, OM_ROH_IN, deadline, err);
    for (quiet = false; st == OM_OK && !om__roh_is_open(w->vc);) {
        st = om__carrier_turn(w, NULL, deadline, &quiet, err);
        if (st == OM_OK && quiet && !om__roh_is_open(w->vc))
            st = late(w, err);
    }
    om__error_doing(err, "opening the virtual connection");
    return st;
}

static om_status name_things(struct om__carrier *w, struct om_error *err)
{
    struct om_guid session;
    int n = snprintf(w->path, sizeof w->path, "/rpc/rpcproxy.dll?%s:%u", w->target.server,
                     w->target.port);

    if (n < 0 || (size_t)n >= sizeof w->path)
        return om__fail(err, MAPI_E_STRING_TOO_LONG, OM_LAYER_USAGE, OM_CAUSE_TOO_LARGE,
                        OM_NATIVE_NONE, 0, "a server name of %d characters", n);
    if (!om__guid_random(&session))
        return om__fail(err, MAPI_E_NOT_ENOUGH_RESOURCES, OM_LAYER_SYSTEM, OM_CAUSE_IO,
                        OM_NATIVE_NONE, 0, "the system gives no random numbers");
    om__guid_format(&session, w->session);
    return OM_OK;
}

om_status om__carrier_open(const struct om__net *net, const struct om__rpc_target *target,
                           int64_t deadline, struct om__carrier **out, struct om_error *err)
{
    struct om__carrier *w = om__calloc(1, sizeof *w);
    om_status st;

    if (!w)
        return om__fail_memory(err, "a connection");
    w->net = net;
    w->target = *target;
    st = name_things(w, err);
    if (st == OM_OK)
        st = target->transport == OM_TRANSPORT_TCP ? tcp_open(w, deadline, err)
                                                   : http_open(w, deadline, err);
    if (st == OM_OK)
        *out = w;
    else
        om__carrier_close(w);
    return st;
}

void om__carrier_close(struct om__carrier *w)
{
    if (!w)
        return;
    om__stream_close(w->tcp);
    om__fifo_free(&w->tx);
    if (w->vc)
        om__roh_close(w->vc);
    om__http_close(w->channels[OM_ROH_IN]); /* [MS-RPCH] 3.2.2.4.3: both, in any order */
    om__http_close(w->channels[OM_ROH_OUT]);
    om__roh_free(w->vc);
    om__free(w);
}

bool om__carrier_drained(const struct om__carrier *w)
{
    return backlog(w) == 0;
}

enum om__certificate om__carrier_certificate(const struct om__carrier *w)
{
    if (w->tcp || !w->target.tls)
        return OM_CERTIFICATE_NONE;
    return om__http_verified(w->channels[OM_ROH_IN]) && om__http_verified(w->channels[OM_ROH_OUT])
               ? OM_CERTIFICATE_VERIFIED
               : OM_CERTIFICATE_IGNORED;
}

void om__carrier_count(const struct om__carrier *w, struct om__rpc_conn_stats *stats)
{
    stats->round_trips += w->round_trips;
    stats->bytes_sent += w->sent;
    stats->bytes_received += w->received;
    for (unsigned i = 0; i < 2; i++) {
        if (w->channels[i])
            om__http_count(w->channels[i], stats);
    }
}
